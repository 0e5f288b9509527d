import type { UdpEndpoint } from '@6bed4/codec';
import type { Machine, TunnelEvent, TunnelSink } from '@6bed4/tunnel';
import { Arena } from '../kernel/arena.js';
import { POLLIN, POLLOUT } from '../kernel/constants.js';
import { LITTLE_ENDIAN } from '../kernel/native.js';
import type { RawLibc } from '../kernel/rawLibc.js';
import { RECEIVE_BATCH_SIZE, ReceiveBatch } from '../kernel/receiveBatch.js';
import { ErrorCounts } from './errorCounts.js';
import type { LoopCounters } from './loopCounters.js';
import { COALESCER_SIZE } from './offload/coalescer.js';
import { Flushed, SEND_BATCH_SIZE, SendBatch } from './sendBatch.js';
import type { TunFeatures } from './tunFeatures.js';
import { type PacketConsumer, TUN_INPUT_SIZE, TunInput, TunRead } from './tunInput.js';
import { TUN_OUTPUT_SIZE, TunOutput } from './tunOutput.js';

const ARENA_SIZE =
  RECEIVE_BATCH_SIZE + SEND_BATCH_SIZE + TUN_INPUT_SIZE + TUN_OUTPUT_SIZE + COALESCER_SIZE + 4096;

/*
 * struct pollfd
 *
 *   0   descriptor (32 bits); below 0 to leave it out
 *   4   events (16 bits)
 *   6   what happened (16 bits)
 */
const POLLFD_SIZE = 8;
const POLLFD_EVENTS = 4;
const POLLFD_RESULT = 6;
const WAKE = 0;
const UDP = 1;
const TUN = 2;
const LAN = 3;
const DESCRIPTORS = 4;
const NONE = -1;

/** The loop looks around at least so often, in milliseconds, whatever else happens to this process. */
const LONGEST_WAIT = 1000;
/** For how long a descriptor that fails without end is left alone, in milliseconds. */
const PAUSE = 50;
/** For how long the socket may refuse to send before datagrams are dropped, in milliseconds. */
const LONGEST_BLOCK = 100;
/** Errors in a row that reception may have; those that tell of earlier datagrams come one by one. */
const MOST_ERRORS = 16;

/** What a {@link FastLoop} works on. The descriptors stay their owner's. */
export interface FastLoopOptions<M extends Machine> {
  readonly libc: RawLibc;
  readonly machine: (sink: TunnelSink) => M;
  /** An eventfd: when it can be read, `onWake` is called. */
  readonly wake: number;
  readonly udp: number;
  readonly tun: number;
  readonly tunFeatures: TunFeatures;
  /** Whether the socket can send several datagrams as one message. */
  readonly udpSegmentation: boolean;
  /** Milliseconds that never go back. */
  readonly clock: () => number;
  /** Somebody wants something. Machine and descriptors may be used and changed. */
  readonly onWake: () => void;
  /** The machine tells something; it has finished. */
  readonly onEvent: (event: TunnelEvent) => void;
  /** The interface was removed; the loop goes on without. */
  readonly onGone: () => void;
}

/**
 * A machine between a UDP socket and a TUN interface, in a thread of its own: waits in `poll`, takes
 * what is there in batches, and hands on what comes of it before it waits again.
 *
 * What others call is a method, not a closure: those of a rehearsal are the same functions then, and
 * what was compiled with them stays.
 */
export class FastLoop<M extends Machine> implements TunnelSink, PacketConsumer {
  readonly machine: M;
  readonly #libc: RawLibc;
  readonly #arena: Arena;
  readonly #clock: () => number;
  readonly #onWake: () => void;
  readonly #onEvent: (event: TunnelEvent) => void;
  readonly #onGone: () => void;
  readonly #receive: ReceiveBatch;
  readonly #send: SendBatch;
  readonly #input: TunInput;
  readonly #output: TunOutput;
  readonly #poll: number;
  readonly #wakeBuffer: number;
  readonly #events: TunnelEvent[] = [];
  readonly #receiveErrors = new ErrorCounts();
  readonly #errno: { readonly again: number; readonly interrupted: number };
  #udp: number;
  #tun: number;
  #lan = NONE;
  #udpPausedUntil = 0;
  #tunPausedUntil = 0;
  #running = false;
  #now = 0;
  #errorsInARow = 0;
  #queueDrops = 0;
  #receiveCalls = 0;
  #messagesReceived = 0;
  #datagramsReceived = 0;
  #waits = 0;

  constructor(options: FastLoopOptions<M>) {
    const { libc, tunFeatures, clock } = options;
    this.#libc = libc;
    this.#clock = clock;
    this.#onWake = options.onWake;
    this.#onEvent = options.onEvent;
    this.#onGone = options.onGone;
    this.#udp = options.udp;
    this.#tun = options.tun;
    this.#errno = { again: libc.numberOf('EAGAIN'), interrupted: libc.numberOf('EINTR') };
    const arena = new Arena(libc, ARENA_SIZE);
    this.#arena = arena;
    this.#poll = arena.reserve(DESCRIPTORS * POLLFD_SIZE);
    this.#wakeBuffer = arena.reserve(8);
    this.#watch(WAKE, options.wake, POLLIN);
    this.#receive = new ReceiveBatch(libc, arena);
    this.#send = new SendBatch(libc, arena, options.udpSegmentation);
    this.#input = new TunInput(libc, arena, options.tun, tunFeatures.virtioHeader);
    this.#output = new TunOutput(libc, arena, options.tun, tunFeatures);
    this.machine = options.machine(this);
  }

  /** Works until {@link stop}. */
  run(): void {
    this.#running = true;
    while (this.#running) this.#turn();
    this.flush();
    this.#tell();
  }

  /** Ends {@link run} after the turn at hand. */
  stop(): void {
    this.#running = false;
  }

  /** Takes another UDP socket, for which what waits is sent by the one before. */
  useUdp(fd: number): void {
    this.flush();
    this.#udp = fd;
  }

  /** Also takes what comes to this socket. */
  useLan(fd: number): void {
    this.#lan = fd;
  }

  sendDatagram(
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: Readonly<UdpEndpoint>,
    tos: number,
    ttl: number,
  ): void {
    if (this.#send.add(bytes, offset, length, to, tos, ttl)) return;
    this.#flushSends();
    if (!this.#send.add(bytes, offset, length, to, tos, ttl)) this.#queueDrops++;
  }

  deliverPacket(bytes: Uint8Array, offset: number, length: number): void {
    this.#output.deliver(bytes, offset, length);
  }

  event(event: TunnelEvent): void {
    this.#events.push(event);
  }

  /** The interface hands over a packet. */
  packet(at: number, length: number): void {
    this.machine.handlePacket(this.#arena.bytes, at, length, this.#now);
  }

  /** Calls the machine, and carries out what it says. */
  command<T>(action: (machine: M, now: number) => T): T {
    this.#now = this.#clock();
    try {
      return action(this.machine, this.#now);
    } finally {
      this.flush();
    }
  }

  /** What happened outside the machine. */
  get counters(): LoopCounters {
    return {
      udp: {
        sendErrors: this.#send.errors.snapshot(),
        receiveErrors: this.#receiveErrors.snapshot(),
        queueDrops: this.#queueDrops,
      },
      localDrops: this.#output.dropped + this.#input.malformed,
      waits: this.#waits,
      receiveCalls: this.#receiveCalls,
      messagesReceived: this.#messagesReceived,
      datagramsReceived: this.#datagramsReceived,
      sendCalls: this.#send.calls,
      messagesSent: this.#send.messages,
      datagramsSent: this.#send.datagrams,
      tunReads: this.#input.calls,
      packetsRead: this.#input.packets,
      tunWrites: this.#output.calls,
      packetsWritten: this.#output.packets,
      udpSegmentation: this.#send.segmentation,
    };
  }

  #turn(): void {
    this.#wait();
    this.#now = this.#clock();
    if (this.#happened(WAKE)) {
      this.#libc.read(this.#descriptor(WAKE), this.#arena.address + this.#wakeBuffer, 8);
      this.#onWake();
      this.#now = this.#clock();
    }
    if (this.#now >= this.machine.nextTimeout()) {
      this.machine.handleTimeout(this.#now);
      this.flush();
    }
    if (this.#happened(UDP)) this.#readSocket(this.#udp);
    if (this.#happened(TUN)) this.#readTun();
    if (this.#happened(LAN)) this.#readSocket(this.#lan);
    if (this.#events.length > 0) this.#tell();
  }

  #wait(): void {
    const now = this.#clock();
    let until = Math.min(this.machine.nextTimeout(), now + LONGEST_WAIT);
    let udp = this.#udp;
    let tun = this.#tun;
    if (this.#udpPausedUntil > now) {
      udp = NONE;
      until = Math.min(until, this.#udpPausedUntil);
    }
    if (this.#tunPausedUntil > now) {
      tun = NONE;
      until = Math.min(until, this.#tunPausedUntil);
    }
    this.#watch(UDP, udp, POLLIN);
    this.#watch(TUN, tun, POLLIN);
    this.#watch(LAN, this.#lan, POLLIN);
    const timeout = Math.max(0, Math.ceil(until - now));
    this.#waits++;
    const ready = this.#libc.poll(this.#arena.address + this.#poll, DESCRIPTORS, timeout);
    // A signal may have interrupted it: then nothing is known to have happened.
    if (ready <= 0) this.#clearResults();
  }

  #readSocket(fd: number): void {
    const received = this.#receive.receive(fd);
    this.#receiveCalls++;
    if (received <= 0) {
      this.#receiveFailed();
      return;
    }
    this.#errorsInARow = 0;
    const receive = this.#receive;
    for (let slot = 0; slot < received; slot++) {
      const at = receive.offset(slot);
      const length = receive.length(slot);
      this.#messagesReceived++;
      const size = receive.segmentSize(slot);
      if (size === 0 || size >= length) {
        this.#datagram(slot, at, length);
        continue;
      }
      // The kernel joined datagrams of one sender: each is looked at as if it had come alone.
      for (let done = 0; done < length; done += size) {
        this.#datagram(slot, at + done, Math.min(size, length - done));
      }
    }
    this.flush();
  }

  #datagram(slot: number, at: number, length: number): void {
    this.#datagramsReceived++;
    const receive = this.#receive;
    this.machine.handleDatagram(
      this.#arena.bytes,
      at,
      length,
      receive.address(slot),
      receive.port(slot),
      this.#now,
    );
  }

  /** Errors on reception mostly tell of datagrams that were sent earlier; reading takes them away. */
  #receiveFailed(): void {
    const errno = this.#libc.errno();
    if (errno === this.#errno.again || errno === this.#errno.interrupted) return;
    this.#receiveErrors.count(this.#libc.nameOf(errno));
    if (++this.#errorsInARow < MOST_ERRORS) return;
    this.#errorsInARow = 0;
    this.#udpPausedUntil = this.#now + PAUSE;
  }

  #readTun(): void {
    switch (this.#input.read(this)) {
      case TunRead.failed:
        this.#tunPausedUntil = this.#now + PAUSE;
        break;
      case TunRead.gone:
        this.#tun = NONE;
        this.#onGone();
        break;
    }
  }

  /** Hands on all that the machine has said, after which the memory of a batch is free again. */
  flush(): void {
    this.#output.flush();
    if (!this.#send.isEmpty) this.#flushSends();
  }

  #flushSends(): void {
    while (this.#send.flush(this.#udp) === Flushed.blocked) {
      // Waiting here slows down whoever sends, which is better than losses; but not for ever.
      this.#watch(UDP, this.#udp, POLLOUT);
      const at = this.#arena.address + this.#poll + UDP * POLLFD_SIZE;
      if (this.#libc.poll(at, 1, LONGEST_BLOCK) > 0) continue;
      this.#queueDrops += this.#send.discard();
      return;
    }
  }

  #tell(): void {
    for (let event = this.#events.shift(); event; event = this.#events.shift()) {
      this.#onEvent(event);
    }
  }

  #watch(index: number, fd: number, events: number): void {
    const at = this.#poll + index * POLLFD_SIZE;
    this.#arena.words[at >> 2] = fd;
    // Both halves at once: what to wait for, and nothing that happened.
    const word = LITTLE_ENDIAN ? events : events << 16;
    this.#arena.words[(at + POLLFD_EVENTS) >> 2] = word;
  }

  #descriptor(index: number): number {
    return this.#arena.words[(this.#poll + index * POLLFD_SIZE) >> 2]!;
  }

  #happened(index: number): boolean {
    const at = this.#poll + index * POLLFD_SIZE + POLLFD_RESULT;
    return this.#arena.view.getUint16(at) !== 0;
  }

  #clearResults(): void {
    for (let index = 0; index < DESCRIPTORS; index++) {
      this.#arena.view.setUint16(this.#poll + index * POLLFD_SIZE + POLLFD_RESULT, 0);
    }
  }
}
