import type { Arena } from '../kernel/arena.js';
import { POLLIN, SOL_UDP, UDP_GRO } from '../kernel/constants.js';
import { ControlWriter } from '../kernel/controlMessages.js';
import { type MessageLayout, messageLayout } from '../kernel/messageLayout.js';
import { LITTLE_ENDIAN } from '../kernel/native.js';
import { POLLFD_REVENTS, POLLFD_SIZE } from '../kernel/pollSet.js';
import type { RawLibc } from '../kernel/rawLibc.js';
import {
  SOCKADDR_IN_ADDRESS,
  SOCKADDR_IN_PORT,
  SOCKADDR_IN_SIZE,
} from '../kernel/socketAddress.js';

/** Descriptors for a replay. No process has them, so that the real system calls on them fail. */
export const REPLAY_UDP = 0x3fff_fff1;
export const REPLAY_TUN = 0x3fff_fff2;
export const REPLAY_WAKE = 0x3fff_fff3;

/** The results of one `poll` and of the calls that follow it. */
export interface ReplayStep {
  /** A datagram for {@link REPLAY_UDP} and its source (uint32 address, port), or null. */
  readonly datagram: {
    readonly bytes: Uint8Array;
    readonly address: number;
    readonly port: number;
    /** The size of datagrams that UDP_GRO coalesced; 0 when it is one. */
    readonly size: number;
  } | null;
  /** Packets for {@link REPLAY_TUN}, with their virtio headers if they have any. */
  readonly packets: readonly Uint8Array[];
  /** Whether {@link REPLAY_WAKE} can be read. */
  readonly wake: boolean;
}

/** A `poll` that times out. */
export const IDLE: ReplayStep = { datagram: null, packets: [], wake: false };

/**
 * The system calls of the data path, whose results can be replaced by recorded ones. Real calls are
 * made in a replay too, so that the code compiled for the replay stays valid after it.
 */
export class ReplayLibc implements RawLibc {
  readonly longSize: 4 | 8;
  readonly #real: RawLibc;
  readonly #again: number;
  readonly #layout: MessageLayout;
  /** 1 during a replay. A typed array, so that the compiler does not take the value for a constant. */
  readonly #isReplaying = new Int32Array(1);
  #address = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(this.#bytes.buffer);
  #next: () => ReplayStep = () => IDLE;
  #datagram: ReplayStep['datagram'] = null;
  #packets: ReplayStep['packets'] = [];
  #packetsRead = 0;
  #control: ControlWriter | null = null;

  constructor(real: RawLibc) {
    this.#real = real;
    this.longSize = real.longSize;
    this.#layout = messageLayout(real.longSize);
    this.#again = real.numberOf('EAGAIN');
  }

  /**
   * Starts a replay.
   *
   * @param arena - the memory of the loop
   * @param next - returns the results of the next `poll`
   */
  start(arena: Arena, next: () => ReplayStep): void {
    const { address, bytes, view } = arena;
    this.#control ??= new ControlWriter(arena, this.#layout);
    this.#address = address;
    this.#bytes = bytes;
    this.#view = view;
    this.#next = next;
    this.#isReplaying[0] = 1;
  }

  /** Ends the replay: results are those of the system. */
  stop(): void {
    this.#isReplaying[0] = 0;
  }

  addressOf(buffer: ArrayBuffer): number {
    return this.#real.addressOf(buffer);
  }

  recvmmsg(fd: number, messages: number, count: number, flags: number): number {
    const result = this.#real.recvmmsg(fd, messages, count, flags);
    return this.#isReplaying[0] === 1 ? this.#receive(messages - this.#address) : result;
  }

  sendmmsg(fd: number, messages: number, count: number, flags: number): number {
    const result = this.#real.sendmmsg(fd, messages, count, flags);
    return this.#isReplaying[0] === 1 ? count : result;
  }

  /** Not replayed: loops do not call it. */
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
    const isReplaying = this.#isReplaying[0] === 1;
    const result = this.#real.poll(descriptors, count, isReplaying ? 0 : timeout);
    return isReplaying ? this.#step(descriptors - this.#address, count) : result;
  }

  read(fd: number, to: number, length: number): number {
    const result = this.#real.read(fd, to, length);
    return this.#isReplaying[0] === 1 ? this.#read(to - this.#address) : result;
  }

  write(fd: number, from: number, length: number): number {
    const result = this.#real.write(fd, from, length);
    return this.#isReplaying[0] === 1 ? length : result;
  }

  writev(fd: number, vectors: number, count: number): number {
    const result = this.#real.writev(fd, vectors, count);
    return this.#isReplaying[0] === 1 ? count : result;
  }

  errno(): number {
    const result = this.#real.errno();
    return this.#isReplaying[0] === 1 ? this.#again : result;
  }

  nameOf(errno: number): string {
    return this.#real.nameOf(errno);
  }

  numberOf(name: string): number {
    return this.#real.numberOf(name);
  }

  #step(descriptors: number, count: number): number {
    const { datagram, packets, wake } = this.#next();
    this.#datagram = datagram;
    this.#packets = packets;
    this.#packetsRead = 0;
    let ready = 0;
    for (let index = 0; index < count; index++) {
      const at = descriptors + index * POLLFD_SIZE;
      const fd = this.#view.getInt32(at, LITTLE_ENDIAN);
      const isReady =
        (fd === REPLAY_UDP && datagram !== null) ||
        (fd === REPLAY_TUN && packets.length > 0) ||
        (fd === REPLAY_WAKE && wake);
      this.#view.setInt16(at + POLLFD_REVENTS, isReady ? POLLIN : 0, LITTLE_ENDIAN);
      if (isReady) ready++;
    }
    return ready;
  }

  #receive(message: number): number {
    const datagram = this.#datagram;
    if (datagram === null) return -1;
    const layout = this.#layout;
    const view = this.#view;
    const vector = this.#pointer(message + layout.vectors);
    this.#bytes.set(datagram.bytes, this.#pointer(vector));
    const name = this.#pointer(message + layout.name);
    view.setUint16(name + SOCKADDR_IN_PORT, datagram.port);
    view.setUint32(name + SOCKADDR_IN_ADDRESS, datagram.address);
    view.setUint32(message + layout.nameLength, SOCKADDR_IN_SIZE, LITTLE_ENDIAN);
    const control = this.#control!;
    control.begin(this.#pointer(message + layout.control));
    if (datagram.size > 0) control.int32(SOL_UDP, UDP_GRO, datagram.size);
    view.setUint32(message + layout.controlLength, control.length, LITTLE_ENDIAN);
    view.setUint32(message + layout.length, datagram.bytes.length, LITTLE_ENDIAN);
    return 1;
  }

  #read(to: number): number {
    const packet = this.#packets[this.#packetsRead];
    if (packet === undefined) return -1;
    this.#packetsRead++;
    this.#bytes.set(packet, to);
    return packet.length;
  }

  /** The offset that a pointer refers to. */
  #pointer(at: number): number {
    const lowHalf = this.longSize === 8 && !LITTLE_ENDIAN ? at + 4 : at;
    // An arena does not cross a multiple of 4 GB.
    return this.#view.getUint32(lowHalf, LITTLE_ENDIAN) - (this.#address % 2 ** 32);
  }
}
