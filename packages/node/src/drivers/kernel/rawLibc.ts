import { bindLibrary, type ErrorNumbers } from './cLibrary.js';

/**
 * The system calls of the data path. Memory is passed by address, because a number costs nothing to
 * pass; the addresses are those of an {@link Arena}. Results are those of the C functions: -1 for a
 * failure, whose reason is {@link ErrorNumbers.errno}.
 */
export interface RawLibc extends ErrorNumbers {
  /** `sizeof(long)`, and of pointers. */
  readonly longSize: 4 | 8;
  /** The address of the first byte of a buffer. */
  addressOf(buffer: ArrayBuffer): number;
  recvmmsg(fd: number, messages: number, count: number, flags: number): number;
  sendmmsg(fd: number, messages: number, count: number, flags: number): number;
  sendto(
    fd: number,
    from: number,
    length: number,
    flags: number,
    address: number,
    addressLength: number,
  ): number;
  poll(descriptors: number, count: number, timeout: number): number;
  read(fd: number, to: number, length: number): number;
  write(fd: number, from: number, length: number): number;
  writev(fd: number, vectors: number, count: number): number;
}

/** Binds the C library in this thread. @throws StartError with code `ENOTSUP` where that fails */
export function bindRawLibc(): Promise<RawLibc> {
  return bindLibrary((library, { errno, nameOf, numberOf }, koffi) => {
    const recvmmsg = library.func(
      'int recvmmsg(int fd, uintptr_t messages, unsigned int count, int flags, uintptr_t timeout)',
    );
    return {
      longSize: koffi.sizeof('long') === 8 ? 8 : 4,
      addressOf: (buffer) => Number(koffi.address(buffer)),
      recvmmsg: (fd, messages, count, flags) => recvmmsg(fd, messages, count, flags, 0),
      sendmmsg: library.func(
        'int sendmmsg(int fd, uintptr_t messages, unsigned int count, int flags)',
      ),
      sendto: library.func(
        'intptr_t sendto(int fd, uintptr_t from, size_t length, int flags, uintptr_t address, unsigned int addressLength)',
      ),
      poll: library.func('int poll(uintptr_t descriptors, unsigned long count, int timeout)'),
      read: library.func('intptr_t read(int fd, uintptr_t to, size_t length)'),
      write: library.func('intptr_t write(int fd, uintptr_t from, size_t length)'),
      writev: library.func('intptr_t writev(int fd, uintptr_t vectors, int count)'),
      errno,
      nameOf,
      numberOf,
    };
  });
}
