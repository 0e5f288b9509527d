import type { UdpEndpoint } from '@6bed4/codec';
import {
  type Machine,
  type MachineHost,
  MachineRunner,
  type TunnelEvent,
  type TunnelSink,
} from '@6bed4/tunnel';
import type { SimulationEvent } from '../time/eventQueue.js';
import type { World } from '../world/world.js';
import type { DatagramHandler, Host } from './host.js';

/** Takes what a machine hands over, after each call. */
export interface MachineUser {
  /** A packet for the local side; the bytes are the user's to keep. */
  packetDelivered(packet: Uint8Array): void;
  /** Something happened. */
  eventHappened(event: TunnelEvent): void;
}

/** What datagrams of a machine pass, which may send them another way than the machine's socket. */
export interface DatagramDetour {
  /** Sends a datagram of the machine. */
  send(
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: Readonly<UdpEndpoint>,
    tos: number,
    ttl: number,
  ): void;
  /** Takes a datagram that came to the socket; gives it to the machine, or does not. */
  receiveUdp(bytes: Uint8Array, length: number, address: number, port: number): void;
}

/** Timeouts at one and the same time after which a machine counts as stuck. */
const MOST_TIMEOUTS_AT_ONCE = 1000;
/** Datagrams that wait in the socket of a program that does not run. */
const SOCKET_QUEUE = 256;

/** A datagram that waits in a socket. */
interface WaitingDatagram {
  readonly bytes: Uint8Array;
  readonly address: number;
  readonly port: number;
}

/**
 * Runs one machine of the tunnel on a host, in virtual time. The machine's clock has an origin of its
 * own, and may jump.
 */
export class HostRunner<M extends Machine> implements MachineHost, DatagramHandler {
  readonly #world: World;
  readonly #host: Host;
  readonly #user: MachineUser;
  #runner: MachineRunner<M>;
  #port: number;
  /** Milliseconds by which the machine's clock is ahead of the simulation's. */
  #clockOffset: number;
  /** Time of the queued timeout that is valid; others in the queue are stale. */
  #armedAt = Number.POSITIVE_INFINITY;
  readonly #wake: SimulationEvent = { happen: (now) => this.#wakeUp(now) };
  readonly #packets: Uint8Array[] = [];
  #timeoutsAt = -1;
  #timeouts = 0;
  #pausedAt: number | null = null;
  readonly #waiting: WaitingDatagram[] = [];
  #detour: DatagramDetour | null = null;
  /** Source of the datagram at hand, int32 and port; 0 when there is none. */
  fromAddress = 0;
  fromPort = 0;

  /** @param clockOffset - what the machine's clock shows at the beginning, whole milliseconds */
  constructor(
    world: World,
    host: Host,
    port: number,
    clockOffset: number,
    user: MachineUser,
    make: (sink: TunnelSink) => M,
  ) {
    this.#world = world;
    this.#host = host;
    this.#user = user;
    this.#port = port;
    this.#clockOffset = clockOffset;
    host.bind(port, this);
    this.#runner = new MachineRunner(make, this);
  }

  /** The machine. */
  get machine(): M {
    return this.#runner.machine;
  }

  /** The UDP port of its socket. */
  get port(): number {
    return this.#port;
  }

  /** Lets all datagrams pass a detour. */
  set detour(detour: DatagramDetour) {
    this.#detour = detour;
  }

  /** Whether the machine does not run for a while. */
  get isPaused(): boolean {
    return this.#pausedAt !== null;
  }

  /** The time of the machine's clock, in milliseconds. */
  now(): number {
    return this.#world.scheduler.now + this.#clockOffset;
  }

  /** Runs a command of the machine, then executes its output. */
  command(run: (machine: M, now: number) => void): void {
    this.#runner.command(run);
  }

  /** Gives the machine a packet from the local side; the machine may change its hop limit. */
  sendPacket(packet: Uint8Array): void {
    this.#runner.handlePacket(packet, 0, packet.length);
  }

  /** Replaces the machine by a fresh one, as after a restart of the program. */
  replace(make: (sink: TunnelSink) => M): void {
    this.#runner.close();
    this.#runner = new MachineRunner(make, this);
    this.#armedAt = Number.POSITIVE_INFINITY;
    this.#runner.resume();
  }

  /** Opens another socket instead of the present one. */
  rebind(port: number): void {
    this.#host.unbind(this.#port);
    this.#port = port;
    this.#host.bind(port, this);
  }

  /** The machine's clock jumps ahead by whole milliseconds, as after a suspension. */
  jump(milliseconds: number): void {
    if (!Number.isInteger(milliseconds) || milliseconds < 0) {
      throw new RangeError(`jump: ${milliseconds}, expected whole milliseconds, 0 or more`);
    }
    this.#clockOffset += milliseconds;
    this.#armedAt = Number.POSITIVE_INFINITY;
    this.#runner.resume();
  }

  /** Stops running the machine: up to 256 datagrams wait in its socket, and its timer waits. */
  pause(): void {
    this.#pausedAt ??= this.#world.scheduler.now;
  }

  /**
   * Goes on with what waited.
   *
   * @param clockStood - whether the machine's clock did not go on meanwhile, as some do during sleep
   */
  unpause(clockStood: boolean): void {
    if (this.#pausedAt === null) return;
    if (clockStood) this.#clockOffset -= this.#world.scheduler.now - this.#pausedAt;
    this.#pausedAt = null;
    for (const { bytes, address, port } of this.#waiting.splice(0)) {
      this.datagramArrived(bytes, bytes.length, address, port);
    }
    this.#armedAt = Number.POSITIVE_INFINITY;
    this.#runner.resume();
  }

  datagramArrived(bytes: Uint8Array, length: number, address: number, port: number): void {
    if (this.#pausedAt !== null) {
      if (this.#waiting.length < SOCKET_QUEUE) {
        this.#waiting.push({ bytes: bytes.slice(0, length), address, port });
      }
      return;
    }
    if (this.#detour === null) this.receive(bytes, 0, length, address, port);
    else this.#detour.receiveUdp(bytes, length, address, port);
  }

  /** Gives the machine a datagram, however it came; `address` int32 or uint32. */
  receive(bytes: Uint8Array, offset: number, length: number, address: number, port: number): void {
    this.fromAddress = address | 0;
    this.fromPort = port;
    this.#runner.handleDatagram(bytes, offset, length, address >>> 0, port);
    this.fromAddress = 0;
    this.fromPort = 0;
  }

  sendDatagram(
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: Readonly<UdpEndpoint>,
    tos: number,
    ttl: number,
  ): void {
    if (this.#detour !== null) this.#detour.send(bytes, offset, length, to, tos, ttl);
    else this.#host.sendFrom(this.#port, bytes, offset, length, to, tos, ttl);
  }

  deliverPacket(bytes: Uint8Array, offset: number, length: number): void {
    this.#packets.push(bytes.slice(offset, offset + length));
  }

  flush(): void {
    for (let packet = this.#packets.shift(); packet; packet = this.#packets.shift()) {
      this.#user.packetDelivered(packet);
    }
  }

  eventHappened(event: TunnelEvent): void {
    this.#user.eventHappened(event);
  }

  setTimer(at: number): void {
    const { scheduler } = this.#world;
    this.#armedAt = Math.max(at - this.#clockOffset, scheduler.now);
    scheduler.at(this.#armedAt, this.#wake);
  }

  #wakeUp(now: number): void {
    if (now < this.#armedAt || this.#pausedAt !== null) return;
    this.#armedAt = Number.POSITIVE_INFINITY;
    this.#world.isTouched = true;
    if (this.machine.nextTimeout() > this.now()) {
      this.#runner.resume();
      return;
    }
    this.#watch(now);
    this.#runner.handleTimeout();
  }

  #watch(now: number): void {
    this.#timeouts = this.#timeoutsAt === now ? this.#timeouts + 1 : 0;
    this.#timeoutsAt = now;
    if (this.#timeouts > MOST_TIMEOUTS_AT_ONCE) {
      throw new Error(`${this.#host.name}: the machine sets one timeout after another at ${now}`);
    }
  }
}
