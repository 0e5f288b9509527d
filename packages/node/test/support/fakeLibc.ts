import { constants, endianness } from 'node:os';
import { AF_NETLINK, NETLINK_SOCK_DIAG } from '../../src/drivers/kernel/constants.js';
import type { Libc, Readiness } from '../../src/drivers/kernel/libc.js';

const LITTLE_ENDIAN = endianness() === 'LE';

/** `constants.errno` lacks what only Linux has. */
const NUMBERS: Readonly<Record<string, number>> = { ...constants.errno, EBADFD: 77, ENXIO: 6 };

export interface IoctlCall {
  readonly fd: number;
  readonly request: number;
  readonly argument: Uint8Array;
}

/** A {@link Libc} whose results are set by a test. Failures are names of errors. */
export class FakeLibc implements Libc {
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
  /** Messages that were sent to the kernel by netlink(7). */
  readonly requests: Uint8Array[] = [];
  /** Its answers: what is read, or the name of the error that it acknowledges with. */
  onRequest: (message: Uint8Array) => readonly Uint8Array[] | string | null = () => null;
  /** What was sent to sock_diag(7), and its answers. */
  readonly diagnoses: Uint8Array[] = [];
  onDiagnosis: (message: Uint8Array) => readonly Uint8Array[] | string | null = () => null;
  readonly #diagnosing = new Set<number>();
  readonly #answers = new Map<number, Uint8Array[]>();
  /** Callbacks of watched descriptors. */
  readonly watched = new Map<number, () => void>();
  #errno = 0;
  #nextFd = 100;

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

  read(fd: number, bytes: Uint8Array): number {
    const next = this.#answers.get(fd)?.shift() ?? this.toRead.shift() ?? 'EAGAIN';
    if (typeof next === 'string') return this.#result(next, 0);
    bytes.set(next);
    return next.length;
  }

  write(fd: number, bytes: Uint8Array, length: number): number {
    const failure = this.onWrite();
    if (failure === null && this.#answers.has(fd)) this.#answer(fd, bytes.slice(0, length));
    else if (failure === null) this.written.push([...bytes.subarray(0, length)]);
    return this.#result(failure, length);
  }

  socket(domain: number, _type = 0, protocol = 0): number {
    const fd = this.#descriptor(this.onSocket(domain));
    if (fd >= 0 && domain === AF_NETLINK) this.#answers.set(fd, []);
    if (domain === AF_NETLINK && protocol === NETLINK_SOCK_DIAG) this.#diagnosing.add(fd);
    return fd;
  }

  bind(_fd: number, address: Uint8Array): number {
    this.bound.push(address.slice());
    return this.#result(this.onBind(), 0);
  }

  setsockopt(fd: number, level: number, name: number, value: Uint8Array): number {
    const number = new DataView(value.buffer, value.byteOffset).getInt32(0, LITTLE_ENDIAN);
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

  watch(fd: number, callback: () => void): Readiness {
    this.watched.set(fd, callback);
    return { close: () => this.watched.delete(fd), ref: () => {}, unref: () => {} };
  }

  #answer(fd: number, message: Uint8Array): void {
    const isDiagnosis = this.#diagnosing.has(fd);
    (isDiagnosis ? this.diagnoses : this.requests).push(message);
    const answer = isDiagnosis ? this.onDiagnosis(message) : this.onRequest(message);
    const isAcknowledged = answer === null || typeof answer === 'string';
    const answers = isAcknowledged
      ? [acknowledgement(answer === null ? 0 : this.numberOf(answer))]
      : answer;
    for (const each of answers) this.#answers.get(fd)!.push(withSequenceOf(message, each));
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

/** NLMSG_ERROR (netlink(7)); error number 0 is none. */
function acknowledgement(errno: number): Uint8Array {
  const bytes = new Uint8Array(36);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, LITTLE_ENDIAN);
  view.setUint16(4, 2, LITTLE_ENDIAN);
  view.setInt32(16, -errno, LITTLE_ENDIAN);
  return bytes;
}

/** Netlink messages with the sequence number of the request that they answer, unless they have one. */
function withSequenceOf(request: Uint8Array, answer: Uint8Array): Uint8Array {
  const bytes = answer.slice();
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + 16 <= bytes.length; at += view.getUint32(at, LITTLE_ENDIAN)) {
    if (view.getUint32(at + 8, LITTLE_ENDIAN) === 0) bytes.set(request.subarray(8, 12), at + 8);
    if (view.getUint32(at, LITTLE_ENDIAN) < 16) break;
  }
  return bytes;
}
