import { StartError } from '../../errors.js';
import { bindLibrary, type ErrorNumbers } from './cLibrary.js';

/** A watch for a file descriptor that becomes readable, on Node's own event loop. */
export interface Readiness {
  /** Stops watching; the descriptor may be closed afterwards. */
  close(): void;
  /** Lets the process end although the descriptor is watched. */
  unref(): void;
  /** Keeps the process alive, as at first. */
  ref(): void;
}

/**
 * The few functions of the C library that Node.js has no equivalent of. They return what the C
 * functions return: -1 for a failure, whose reason is {@link ErrorNumbers.errno} until the next call.
 */
export interface Libc extends ErrorNumbers {
  open(path: string, flags: number): number;
  close(fd: number): number;
  /** `ioctl` with a pointer to `argument`. */
  ioctl(fd: number, request: number, argument: Uint8Array): number;
  /** `ioctl` with a number. */
  ioctlValue(fd: number, request: number, argument: number): number;
  read(fd: number, bytes: Uint8Array, length: number): number;
  write(fd: number, bytes: Uint8Array, length: number): number;
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  /** `length` is a `socklen_t`, which the system writes over. */
  getsockname(fd: number, address: Uint8Array, length: Uint8Array): number;
  eventfd(value: number, flags: number): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number;
  /**
   * Calls back, from inside the event loop's poll phase, while the descriptor can be read. The
   * callback must not throw, and what it defers to `process.nextTick` or a promise may have to wait:
   * it should only schedule.
   */
  watch(fd: number, callback: () => void): Readiness;
}

let loading: Promise<Libc> | null = null;

/**
 * Binds the C library, once. Only Linux has the interfaces that need it, so the foreign function
 * library is not even loaded elsewhere.
 *
 * @throws StartError with code `ENOTSUP` where that is not possible
 */
export function loadLibc(): Promise<Libc> {
  loading ??= bindLibc();
  return loading;
}

/** As {@link loadLibc}; null where that is not possible. */
export async function tryLoadLibc(): Promise<Libc | null> {
  try {
    return await loadLibc();
  } catch {
    return null;
  }
}

async function bindLibc(): Promise<Libc> {
  if (process.platform !== 'linux') {
    throw new StartError('ENOTSUP', `needs Linux, found ${process.platform}`);
  }
  return bindLibrary((library, { errno, nameOf, numberOf }, koffi) => ({
    open: library.func('int open(const char *path, int flags)'),
    close: library.func('int close(int fd)'),
    ioctl: library.func('int ioctl(int fd, unsigned long request, void *argument)'),
    ioctlValue: library.func('int ioctl(int fd, unsigned long request, unsigned long argument)'),
    read: library.func('intptr_t read(int fd, void *bytes, size_t length)'),
    write: library.func('intptr_t write(int fd, void *bytes, size_t length)'),
    socket: library.func('int socket(int domain, int type, int protocol)'),
    bind: library.func('int bind(int fd, void *address, unsigned int length)'),
    getsockname: library.func('int getsockname(int fd, void *address, void *length)'),
    eventfd: library.func('int eventfd(unsigned int value, int flags)'),
    setsockopt: library.func(
      'int setsockopt(int fd, int level, int name, void *value, unsigned int length)',
    ),
    errno,
    nameOf,
    numberOf,
    watch: (fd, callback) => koffi.node.poll(fd, { readable: true }, callback),
  }));
}
