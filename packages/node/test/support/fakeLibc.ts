import { constants, endianness } from 'node:os';
import type { Libc } from '../../src/drivers/kernel/libc.js';

/** `constants.errno` lacks what only Linux has. */
const NUMBERS: Readonly<Record<string, number>> = { ...constants.errno, EBADFD: 77, ENXIO: 6 };

export interface IoctlCall {
  readonly fd: number;
  readonly request: number;
  readonly argument: Uint8Array;
}

/** A {@link Libc} whose results are set by a test. Failures are names of errors. */
export class FakeLibc implements Libc {
  readonly longSize: number;
  readonly ioctls: IoctlCall[] = [];
  readonly closed: number[] = [];
  readonly written: number[][] = [];
  /** Results of `read`, in order; then EAGAIN. */
  readonly toRead: (Uint8Array | string)[] = [];
  onOpen: (path: string) => string | null = () => null;
  onSocket: (domain: number) => string | null = () => null;
  onIoctl: (request: number, argument: Uint8Array) => string | null = () => null;
  onIoctlValue: (request: number, value: number) => string | null = () => null;
  readonly ioctlValues: { fd: number; request: number; value: number }[] = [];
  readonly bound: Uint8Array[] = [];
  onBind: () => string | null = () => null;
  /** Ports that `getsockname` returns, in order. */
  readonly boundPorts: number[] = [];
  readonly options: { fd: number; level: number; name: number; value: number }[] = [];
  onSetsockopt: (level: number, name: number) => string | null = () => null;
  onWrite: () => string | null = () => null;
  /** Callbacks of watched descriptors. */
  readonly watched = new Map<number, () => void>();
  #errno = 0;
  #nextFd = 100;

  constructor(longSize = 8) {
    this.longSize = longSize;
  }

  open(path: string): number {
    return this.#descriptor(this.onOpen(path));
  }

  close(fd: number): number {
    this.closed.push(fd);
    return 0;
  }

  ioctl(fd: number, request: number, argument: Uint8Array): number {
    this.ioctls.push({ fd, request, argument: argument.slice() });
    return this.#result(this.onIoctl(request, argument), 0);
  }

  ioctlValue(fd: number, request: number, value: number): number {
    this.ioctlValues.push({ fd, request, value });
    return this.#result(this.onIoctlValue(request, value), 0);
  }

  read(_fd: number, bytes: Uint8Array): number {
    const next = this.toRead.shift() ?? 'EAGAIN';
    if (typeof next === 'string') return this.#result(next, 0);
    bytes.set(next);
    return next.length;
  }

  write(_fd: number, bytes: Uint8Array, length: number): number {
    const failure = this.onWrite();
    if (failure === null) this.written.push([...bytes.subarray(0, length)]);
    return this.#result(failure, length);
  }

  socket(domain: number): number {
    return this.#descriptor(this.onSocket(domain));
  }

  bind(_fd: number, address: Uint8Array): number {
    this.bound.push(address.slice());
    return this.#result(this.onBind(), 0);
  }

  setsockopt(fd: number, level: number, name: number, value: Uint8Array): number {
    const number = new DataView(value.buffer, value.byteOffset).getInt32(0, endianness() === 'LE');
    this.options.push({ fd, level, name, value: number });
    return this.#result(this.onSetsockopt(level, name), 0);
  }

  getsockname(_fd: number, address: Uint8Array): number {
    const port = this.boundPorts.shift() ?? 1;
    address.set([2, 0, port >>> 8, port & 0xff, 192, 0, 2, 1]);
    return 0;
  }

  eventfd(): number {
    return this.#nextFd++;
  }

  errno(): number {
    return this.#errno;
  }

  nameOf(errno: number): string {
    return Object.entries(NUMBERS).find(([, number]) => number === errno)?.[0] ?? `${errno}`;
  }

  numberOf(name: string): number {
    return NUMBERS[name] ?? -1;
  }

  watch(fd: number, callback: () => void): { close(): void } {
    this.watched.set(fd, callback);
    return { close: () => this.watched.delete(fd) };
  }

  #descriptor(failure: string | null): number {
    return this.#result(failure, this.#nextFd++);
  }

  #result(failure: string | null, success: number): number {
    if (failure === null) return success;
    this.#errno = this.numberOf(failure);
    return -1;
  }
}
