import { constants, endianness } from 'node:os';
import type { RawLibc } from '../../src/drivers/kernel/rawLibc.js';

const NUMBERS: Readonly<Record<string, number>> = { ...constants.errno, EBADFD: 77 };
const LITTLE = endianness() === 'LE';
const FIRST_ADDRESS = 0x7f00_1234_0000;
const DISTANCE = 0x4000_0000;

/** Offsets in `struct mmsghdr`, as the headers of the C library have them on 64-bit and 32-bit machines. */
const OFFSETS = {
  8: { name: 0, namelen: 8, iov: 16, iovlen: 24, control: 32, controllen: 40, len: 56, size: 64 },
  4: { name: 0, namelen: 4, iov: 8, iovlen: 12, control: 16, controllen: 20, len: 28, size: 32 },
} as const;

/** A datagram for `recvmmsg`. */
export interface Incoming {
  readonly bytes: Uint8Array;
  /** As `a.b.c.d`. */
  readonly address?: string;
  readonly port?: number;
  /** UDP_GRO: the size of coalesced datagrams. */
  readonly gsoSize?: number;
}

/** A message that `sendmmsg` sent. */
export interface Outgoing {
  readonly fd: number;
  readonly bytes: number[];
  readonly to: string;
  readonly tos: number;
  /** IPv4 options, where there are any. */
  readonly options?: readonly number[];
  readonly ttl: number;
  /** UDP_SEGMENT; 0 for none. */
  readonly gsoSize: number;
  /** Number of `struct iovec`. */
  readonly pieces: number;
}

/** Returns `revents` by descriptor. */
export type Poll = (timeout: number) => ReadonlyMap<number, number>;

/** A {@link RawLibc} whose results are set by a test, over the memory of this process. */
export class FakeRawLibc implements RawLibc {
  readonly longSize: 4 | 8;
  /** Results of `recvmmsg`, in order; then EAGAIN. */
  readonly toReceive: (readonly Incoming[] | string)[] = [];
  readonly sent: Outgoing[] = [];
  sendCalls = 0;
  /** Returns the name of the error for a message, or null. */
  onSend: (message: Outgoing) => string | null = () => null;
  /** Upper bound of messages that one call sends. */
  mostMessages = 1024;
  /** Results of `read`, in order; then EAGAIN. */
  readonly toRead: (Uint8Array | string)[] = [];
  readonly written: number[][] = [];
  onWrite: () => string | null = () => null;
  onPoll: Poll = () => new Map();
  readonly polls: { readonly timeout: number; readonly watched: Map<number, number> }[] = [];
  readonly #buffers: ArrayBuffer[] = [];
  #errno = 0;

  constructor(longSize: 4 | 8 = 8) {
    this.longSize = longSize;
  }

  addressOf(buffer: ArrayBuffer): number {
    this.#buffers.push(buffer);
    return this.#first(this.#buffers.length - 1);
  }

  recvmmsg(_fd: number, messages: number, count: number): number {
    const next = this.toReceive.shift() ?? 'EAGAIN';
    if (typeof next === 'string') return this.#fail(next);
    const offsets = OFFSETS[this.longSize];
    const taken = next.slice(0, count);
    for (const [index, incoming] of taken.entries()) {
      const at = messages + index * offsets.size;
      const iov = this.#pointer(at + offsets.iov);
      const room = this.#size(iov + this.longSize);
      const length = Math.min(room, incoming.bytes.length);
      this.#memory(this.#pointer(iov), length).set(incoming.bytes.subarray(0, length));
      this.#view(at + offsets.len, 4).setUint32(0, length, LITTLE);
      const namelen = this.#view(at + offsets.namelen, 4);
      if (namelen.getUint32(0, LITTLE) !== 16) throw new Error('msg_namelen was not made ready');
      const name = this.#view(this.#pointer(at + offsets.name), 16);
      name.setUint16(0, 2, LITTLE);
      name.setUint16(2, incoming.port ?? 1);
      for (const [place, part] of (incoming.address ?? '192.0.2.1').split('.').entries()) {
        name.setUint8(4 + place, Number(part));
      }
      this.#receiveControl(at, incoming.gsoSize);
    }
    return taken.length;
  }

  sendmmsg(fd: number, messages: number, count: number): number {
    this.sendCalls++;
    const offsets = OFFSETS[this.longSize];
    let sent = 0;
    while (sent < Math.min(count, this.mostMessages)) {
      const message = this.#outgoing(fd, messages + sent * offsets.size);
      const failure = this.onSend(message);
      if (failure !== null) return sent > 0 ? sent : this.#fail(failure);
      this.sent.push(message);
      sent++;
    }
    return sent;
  }

  /** Not a part of the batched data path. */
  sendto(): number {
    return -1;
  }

  poll(descriptors: number, count: number, timeout: number): number {
    const watched = new Map<number, number>();
    const views: [number, DataView][] = [];
    for (let index = 0; index < count; index++) {
      const view = this.#view(descriptors + index * 8, 8);
      const fd = view.getInt32(0, LITTLE);
      if (fd >= 0) watched.set(fd, view.getInt16(4, LITTLE));
      views.push([fd, view]);
    }
    this.polls.push({ timeout, watched });
    const happened = this.onPoll(timeout);
    let ready = 0;
    for (const [fd, view] of views) {
      const result = fd < 0 ? 0 : (happened.get(fd) ?? 0);
      view.setInt16(6, result, LITTLE);
      if (result !== 0) ready++;
    }
    return ready;
  }

  read(_fd: number, to: number, length: number): number {
    const next = this.toRead.shift() ?? 'EAGAIN';
    if (typeof next === 'string') return this.#fail(next);
    const taken = next.subarray(0, length);
    this.#memory(to, taken.length).set(taken);
    return taken.length;
  }

  write(_fd: number, from: number, length: number): number {
    return this.#write(() => [...this.#memory(from, length)]);
  }

  writev(_fd: number, vectors: number, count: number): number {
    return this.#write(() => this.#gather(vectors, count));
  }

  #write(read: () => number[]): number {
    const failure = this.onWrite();
    if (failure !== null) return this.#fail(failure);
    const bytes = read();
    this.written.push(bytes);
    return bytes.length;
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

  #fail(name: string): -1 {
    this.#errno = this.numberOf(name);
    return -1;
  }

  #receiveControl(at: number, gsoSize: number | undefined): void {
    const offsets = OFFSETS[this.longSize];
    const room = this.#size(at + offsets.controllen);
    if (gsoSize === undefined) {
      this.#setSize(at + offsets.controllen, 0);
      return;
    }
    const header = this.longSize + 8;
    const space = header + this.longSize;
    if (room < space) throw new Error('msg_controllen was not made ready');
    const control = this.#pointer(at + offsets.control);
    this.#setSize(control, header + 4);
    const view = this.#view(control, space);
    view.setInt32(this.longSize, 17, LITTLE);
    view.setInt32(this.longSize + 4, 104, LITTLE);
    view.setInt32(header, gsoSize, LITTLE);
    this.#setSize(at + offsets.controllen, space);
  }

  #outgoing(fd: number, at: number): Outgoing {
    const offsets = OFFSETS[this.longSize];
    const name = this.#memory(this.#pointer(at + offsets.name), 16);
    const port = (name[2]! << 8) | name[3]!;
    const pieces = this.#size(at + offsets.iovlen);
    const found: { tos: number; ttl: number; gsoSize: number; options?: number[] } = {
      tos: 0,
      ttl: 0,
      gsoSize: 0,
    };
    const control = this.#pointer(at + offsets.control);
    const end = this.#size(at + offsets.controllen);
    const header = this.longSize + 8;
    for (let place = 0; place < end; ) {
      const size = this.#size(control + place);
      const view = this.#view(control + place, size);
      const kind = `${view.getInt32(this.longSize, LITTLE)}/${view.getInt32(this.longSize + 4, LITTLE)}`;
      if (kind === '0/1') found.tos = view.getInt32(header, LITTLE);
      else if (kind === '0/2') found.ttl = view.getInt32(header, LITTLE);
      else if (kind === '0/7')
        found.options = [...new Uint8Array(view.buffer, view.byteOffset + header, size - header)];
      else if (kind === '17/103') found.gsoSize = view.getUint16(header, LITTLE);
      else throw new Error(`control message ${kind}`);
      place += Math.ceil(size / this.longSize) * this.longSize;
    }
    const bytes = this.#gather(this.#pointer(at + offsets.iov), pieces);
    return { fd, bytes, to: `${name.subarray(4, 8).join('.')}:${port}`, pieces, ...found };
  }

  #gather(vectors: number, count: number): number[] {
    const bytes: number[] = [];
    for (let index = 0; index < count; index++) {
      const at = vectors + index * 2 * this.longSize;
      const length = this.#size(at + this.longSize);
      bytes.push(...this.#memory(this.#pointer(at), length));
    }
    return bytes;
  }

  #pointer(at: number): number {
    const view = this.#view(at, this.longSize);
    if (this.longSize === 8) return Number(view.getBigUint64(0, LITTLE));
    // Half of the address is not there; the lower half identifies the buffers of a test.
    const low = view.getUint32(0, LITTLE);
    for (const [index, buffer] of this.#buffers.entries()) {
      const first = this.#first(index);
      const distance = (low - (first % 2 ** 32) + 2 ** 32) % 2 ** 32;
      if (distance <= buffer.byteLength) return first + distance;
    }
    throw new Error(`a pointer to nowhere: ${low}`);
  }

  #size(at: number): number {
    const view = this.#view(at, this.longSize);
    return this.longSize === 8 ? Number(view.getBigUint64(0, LITTLE)) : view.getUint32(0, LITTLE);
  }

  #setSize(at: number, size: number): void {
    const view = this.#view(at, this.longSize);
    if (this.longSize === 8) view.setBigUint64(0, BigInt(size), LITTLE);
    else view.setUint32(0, size, LITTLE);
  }

  #first(index: number): number {
    return FIRST_ADDRESS + index * DISTANCE;
  }

  #view(address: number, length: number): DataView {
    const { buffer, byteOffset } = this.#memory(address, length);
    return new DataView(buffer, byteOffset, length);
  }

  #memory(address: number, length: number): Uint8Array<ArrayBuffer> {
    for (const [index, buffer] of this.#buffers.entries()) {
      const offset = address - this.#first(index);
      if (offset >= 0 && offset + length <= buffer.byteLength) {
        return new Uint8Array(buffer, offset, length);
      }
    }
    throw new Error(`${length} bytes at ${address} are not in memory`);
  }
}
