import { StartError } from '../../errors.js';

/**
 * The system calls of the data path. Memory is given by its address, because a number costs nothing to
 * hand over; the addresses are those of an {@link Arena}. Results are those of the C functions: -1 for
 * a failure, whose reason {@link errno} tells.
 */
export interface RawLibc {
  /** `sizeof(long)`, and of pointers. */
  readonly longSize: 4 | 8;
  /** Where the memory of a buffer begins. */
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
  writev(fd: number, vectors: number, count: number): number;
  /** The error number of the last failure. */
  errno(): number;
  /** The name of an error number, such as `ENOBUFS`. */
  nameOf(errno: number): string;
  /** The error number of a name; -1 for an unknown one. */
  numberOf(name: string): number;
}

/** Binds the C library in this thread. @throws StartError with code `ENOTSUP` where that fails */
export async function bindRawLibc(): Promise<RawLibc> {
  try {
    const { default: koffi } = await import('koffi');
    const library = koffi.load(null);
    const numbers = koffi.os.errno;
    const names = new Map(Object.entries(numbers).map(([name, number]) => [number, name]));
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
      writev: library.func('intptr_t writev(int fd, uintptr_t vectors, int count)'),
      errno: () => koffi.errno(),
      nameOf: (errno) => names.get(errno) ?? `error ${errno}`,
      numberOf: (name) => numbers[name] ?? -1,
    };
  } catch (cause) {
    const target = `${process.platform} ${process.arch}`;
    throw new StartError('ENOTSUP', `the library koffi does not work on ${target}`, { cause });
  }
}
