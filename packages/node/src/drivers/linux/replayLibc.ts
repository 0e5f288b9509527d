import { POLLIN } from '../kernel/constants.js';
import {
  messageLayout,
  SOCKADDR_IN_ADDRESS,
  SOCKADDR_IN_PORT,
  SOCKADDR_IN_SIZE,
} from '../kernel/messageLayout.js';
import { LITTLE_ENDIAN } from '../kernel/native.js';
import type { RawLibc } from '../kernel/rawLibc.js';

/** Descriptors that no process has, so that system calls on them do nothing. */
export const STAGED_UDP = 0x3fff_fff1;
export const STAGED_TUN = 0x3fff_fff2;
export const STAGED_WAKE = 0x3fff_fff3;

const POLLFD_SIZE = 8;
const POLLFD_RESULT = 6;

/** What happens in one turn of a rehearsal. */
export interface Scene {
  /** Arrives at the socket, from this endpoint; or null. */
  readonly datagram: {
    readonly bytes: Uint8Array;
    readonly address: number;
    readonly port: number;
  } | null;
  /** What the interface hands over, with its header if there is one; or null. */
  readonly packet: Uint8Array | null;
  /** Whether somebody wants something. */
  readonly isWoken: boolean;
}

/** Nothing happens. */
export const NOTHING: Scene = { datagram: null, packet: null, isWoken: false };

/**
 * The system calls, which can be put on a stage: then they are still made, on descriptors that do not
 * exist, but their results are those of a scene. So what is compiled for a rehearsal fits what comes
 * after it.
 */
export class StagedLibc implements RawLibc {
  readonly longSize: 4 | 8;
  readonly #real: RawLibc;
  readonly #again: number;
  readonly #layout: ReturnType<typeof messageLayout>;
  /** 1 on stage. Memory, because what never changes in an object is compiled as if it never would. */
  readonly #isStaged = new Int32Array(1);
  #address = 0;
  #bytes = new Uint8Array(0);
  #scene: Scene = NOTHING;
  #next: () => Scene = () => NOTHING;
  #packetsLeft = 0;

  constructor(real: RawLibc) {
    this.#real = real;
    this.longSize = real.longSize;
    this.#layout = messageLayout(real.longSize);
    this.#again = real.numberOf('EAGAIN');
  }

  /**
   * Goes on stage, in the memory whose address was asked for last.
   *
   * @param next - what happens when the loop looks the next time
   */
  enter(next: () => Scene): void {
    this.#next = next;
    this.#isStaged[0] = 1;
  }

  /** Leaves the stage: results are those of the system. */
  leave(): void {
    this.#isStaged[0] = 0;
    this.#bytes = new Uint8Array(0);
  }

  addressOf(buffer: ArrayBuffer): number {
    this.#address = this.#real.addressOf(buffer);
    this.#bytes = new Uint8Array(buffer);
    return this.#address;
  }

  recvmmsg(fd: number, messages: number, count: number, flags: number): number {
    const result = this.#real.recvmmsg(fd, messages, count, flags);
    return this.#isStaged[0] === 1 ? this.#receive(messages) : result;
  }

  sendmmsg(fd: number, messages: number, count: number, flags: number): number {
    const result = this.#real.sendmmsg(fd, messages, count, flags);
    return this.#isStaged[0] === 1 ? count : result;
  }

  /** Loops do not use it, so it is never on stage. */
  sendto(
    fd: number,
    from: number,
    length: number,
    flags: number,
    address: number,
    addressLength: number,
  ): number {
    return this.#real.sendto(fd, from, length, flags, address, addressLength);
  }

  poll(descriptors: number, count: number, timeout: number): number {
    const isStaged = this.#isStaged[0] === 1;
    const result = this.#real.poll(descriptors, count, isStaged ? 0 : timeout);
    return isStaged ? this.#look(descriptors, count) : result;
  }

  read(fd: number, to: number, length: number): number {
    const result = this.#real.read(fd, to, length);
    return this.#isStaged[0] === 1 ? this.#take(to) : result;
  }

  writev(fd: number, vectors: number, count: number): number {
    const result = this.#real.writev(fd, vectors, count);
    return this.#isStaged[0] === 1 ? count : result;
  }

  errno(): number {
    const result = this.#real.errno();
    return this.#isStaged[0] === 1 ? this.#again : result;
  }

  nameOf(errno: number): string {
    return this.#real.nameOf(errno);
  }

  numberOf(name: string): number {
    return this.#real.numberOf(name);
  }

  #look(descriptors: number, count: number): number {
    this.#scene = this.#next();
    this.#packetsLeft = this.#scene.packet === null ? 0 : 1;
    const view = new DataView(this.#bytes.buffer);
    let ready = 0;
    for (let index = 0; index < count; index++) {
      const at = descriptors - this.#address + index * POLLFD_SIZE;
      const fd = view.getInt32(at, LITTLE_ENDIAN);
      const happens =
        (fd === STAGED_UDP && this.#scene.datagram !== null) ||
        (fd === STAGED_TUN && this.#scene.packet !== null) ||
        (fd === STAGED_WAKE && this.#scene.isWoken);
      view.setInt16(at + POLLFD_RESULT, happens ? POLLIN : 0, LITTLE_ENDIAN);
      if (happens) ready++;
    }
    return ready;
  }

  #receive(messages: number): number {
    const { datagram } = this.#scene;
    if (datagram === null) return -1;
    const layout = this.#layout;
    const view = new DataView(this.#bytes.buffer);
    const at = messages - this.#address;
    const vector = this.#pointer(view, at + layout.vectors);
    this.#bytes.set(datagram.bytes, this.#pointer(view, vector));
    const name = this.#pointer(view, at + layout.name);
    view.setUint16(name + SOCKADDR_IN_PORT, datagram.port);
    view.setUint32(name + SOCKADDR_IN_ADDRESS, datagram.address);
    view.setUint32(at + layout.nameLength, SOCKADDR_IN_SIZE, LITTLE_ENDIAN);
    view.setUint32(at + layout.controlLength, 0, LITTLE_ENDIAN);
    view.setUint32(at + layout.length, datagram.bytes.length, LITTLE_ENDIAN);
    return 1;
  }

  #take(to: number): number {
    const { packet } = this.#scene;
    if (packet === null || this.#packetsLeft === 0) return -1;
    this.#packetsLeft--;
    this.#bytes.set(packet, to - this.#address);
    return packet.length;
  }

  /** The offset of what a pointer points to. */
  #pointer(view: DataView, at: number): number {
    const low = view.getUint32(this.longSize === 8 && !LITTLE_ENDIAN ? at + 4 : at, LITTLE_ENDIAN);
    // An arena does not cross a multiple of 4 GB.
    return low - (this.#address % 2 ** 32);
  }
}
