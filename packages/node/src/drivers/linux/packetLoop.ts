import type { UdpEndpoint } from '@6bed4/codec';
import type { RunMachine, TunnelEvent, TunnelSink } from '@6bed4/tunnel';
import type { PacketTap } from '../../capture/packetTap.js';
import type { Arena } from '../kernel/arena.js';
import type { RawLibc } from '../kernel/rawLibc.js';
import { RECEIVE_BATCH_SIZE, ReceiveBatch } from '../kernel/receiveBatch.js';
import { ErrorCounts } from './errorCounts.js';
import type { LoopCounters } from './loopCounters.js';
import { LoopWait, Source } from './loopWait.js';
import { COALESCER_SIZE } from './offload/coalescer.js';
import type { SegmentWork } from './offload/segmentWork.js';
import type { PacketLoopOptions } from './packetLoopOptions.js';
import { ReadAhead } from './readAhead.js';
import { Flushed, SEND_BATCH_SIZE, SendBatch } from './sendBatch.js';
import { type PacketConsumer, TUN_INPUT_SIZE, TunInput, TunRead } from './tunInput.js';
import { TUN_OUTPUT_SIZE, TunOutput } from './tunOutput.js';

/** Bytes of an arena that a {@link PacketLoop} takes. */
export const PACKET_LOOP_SIZE =
  RECEIVE_BATCH_SIZE + SEND_BATCH_SIZE + TUN_INPUT_SIZE + TUN_OUTPUT_SIZE + COALESCER_SIZE + 4096;

/** Upper bound of one `poll` wait, in milliseconds. */
const MAX_WAIT = 1000;
/** Upper bound of a wait for a socket whose send buffer is full, in milliseconds; then datagrams drop. */
const MAX_BLOCK = 100;
/** Upper bound of consecutive receive errors before the socket pauses: ICMP errors arrive one per call. */
const MAX_CONSECUTIVE_ERRORS = 16;

/**
 * The event loop around a machine, a UDP socket and a TUN interface, for a thread of its own: waits in
 * `poll`, receives in batches, and sends all output of a batch before it waits again.
 *
 * What the machine calls are methods, not closures, so that the loop of the warm-up shares its functions
 * with the loop after it, and the code compiled for them remains valid.
 */
export class PacketLoop<M extends RunMachine> implements TunnelSink, PacketConsumer {
  /** Replaced during the warm-up only. */
  machine: M;
  /** Copies packets on both sides; null for none. */
  tap: PacketTap | null = null;
  readonly #libc: RawLibc;
  readonly #arena: Arena;
  readonly #work: SegmentWork;
  readonly #clock: () => number;
  readonly #onWake: () => void;
  readonly #onEvent: (event: TunnelEvent) => void;
  readonly #onGone: () => void;
  readonly #receive: ReceiveBatch;
  readonly #send: SendBatch;
  readonly #input: TunInput;
  readonly #ahead = new ReadAhead();
  readonly #output: TunOutput;
  readonly #wait: LoopWait;
  readonly #events: TunnelEvent[] = [];
  readonly #receiveErrors = new ErrorCounts();
  /** What is done while nothing arrives; null for nothing. */
  #idleWork: (() => boolean) | null = null;
  readonly #errno: { readonly again: number; readonly interrupted: number };
  #running = false;
  #now = 0;
  #consecutiveErrors = 0;
  #queueDrops = 0;
  #receiveCalls = 0;
  #messagesReceived = 0;
  #datagramsReceived = 0;

  constructor(options: PacketLoopOptions<M>) {
    const { libc, memory, tunFeatures, clock } = options;
    const { arena } = memory;
    this.#libc = libc;
    this.#clock = clock;
    this.#onWake = options.onWake;
    this.#onEvent = options.onEvent;
    this.#onGone = options.onGone;
    this.#errno = { again: libc.numberOf('EAGAIN'), interrupted: libc.numberOf('EINTR') };
    this.#arena = arena;
    this.#work = memory.work;
    this.#wait = new LoopWait(libc, arena, options.wake, options.udp, options.tun);
    this.#receive = new ReceiveBatch(libc, arena);
    this.#send = new SendBatch(libc, arena, options.udpSegmentation);
    this.#input = new TunInput(libc, memory, options.tun, tunFeatures.virtioHeader);
    this.#output = new TunOutput(libc, memory, options.tun, tunFeatures);
    this.machine = options.machine(this);
  }

  /** Runs until {@link stop}. */
  run(): void {
    this.#running = true;
    this.#now = this.#clock();
    while (this.#running) {
      if (this.#idleWork === null) this.#waitFor(MAX_WAIT);
      else if (!this.#waitFor(0)) this.#workWhileIdle(this.#idleWork);
      this.#iterate();
    }
    this.flush();
    this.#emitEvents();
  }

  /** Ends {@link run} after the current iteration. */
  stop(): void {
    this.#running = false;
  }

  /** Has something done piece by piece while nothing arrives, until it returns false. */
  useIdleTime(work: () => boolean): void {
    this.#idleWork = work;
  }

  /** Changes to another UDP socket, after sending what waits by the previous one. */
  useUdp(fd: number, port: number): void {
    this.flush();
    this.#wait.udp = fd;
    if (this.tap !== null) this.tap.localPort = port;
  }

  /** Receives from this socket as well. */
  useLan(fd: number): void {
    this.#wait.lan = fd;
  }

  sendDatagram(
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: Readonly<UdpEndpoint>,
    tos: number,
    ttl: number,
  ): void {
    if (this.tap !== null) this.tap.sent(bytes, offset, length, to, tos, ttl, this.#now);
    if (this.#send.add(bytes, offset, length, to, tos, ttl)) return;
    this.#flushSends();
    if (!this.#send.add(bytes, offset, length, to, tos, ttl)) this.#queueDrops++;
  }

  /** Called with packets of the arena, since the machine makes no runs of its own. */
  sendDatagrams(
    _bytes: Uint8Array,
    offset: number,
    length: number,
    size: number,
    to: Readonly<UdpEndpoint>,
    tos: number,
    ttl: number,
  ): void {
    let done = this.#send.addRun(offset, length, size, to, tos, ttl);
    while (done < length) {
      this.#flushSends();
      const more = this.#send.addRun(offset + done, length - done, size, to, tos, ttl);
      if (more === 0) {
        this.#queueDrops += Math.ceil((length - done) / size);
        return;
      }
      done += more;
    }
  }

  /** Called with packets of the arena. */
  deliverPackets(_bytes: Uint8Array, offset: number, length: number, size: number): void {
    this.#output.deliverRun(offset, length, size);
  }

  deliverPacket(bytes: Uint8Array, offset: number, length: number): void {
    if (this.tap !== null) this.tap.delivered(bytes, offset, length, this.#now);
    this.#output.deliver(bytes, offset, length);
  }

  event(event: TunnelEvent): void {
    this.#events.push(event);
  }

  /** Takes a packet of the interface. */
  packet(at: number, length: number): void {
    if (this.tap !== null) this.tap.taken(this.#arena.bytes, at, length, this.#now);
    this.machine.handlePacket(this.#arena.bytes, at, length, this.#now);
  }

  /** Takes packets of the interface, with those of one header at once. */
  packets(at: number, length: number, size: number): void {
    const { machine } = this;
    for (let done = 0; done < length; ) {
      const one = Math.min(size, length - done);
      const run = this.tap === null ? this.#work.alike(at + done, length - done, size) : one;
      if (run > one) machine.handlePackets(this.#arena.bytes, at + done, run, size, this.#now);
      else this.packet(at + done, one);
      done += run;
    }
  }

  /** Calls the machine, and sends its output. */
  command<T>(action: (machine: M, now: number) => T): T {
    this.#now = this.#clock();
    try {
      return action(this.machine, this.#now);
    } finally {
      this.flush();
    }
  }

  /** Counters of everything outside the machine. */
  get counters(): LoopCounters {
    return {
      udp: {
        sendErrors: this.#send.errors.snapshot(),
        receiveErrors: this.#receiveErrors.snapshot(),
        queueDrops: this.#queueDrops,
      },
      localDrops: this.#output.dropped + this.#input.malformed,
      waits: this.#wait.count,
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

  #iterate(): void {
    this.#now = this.#clock();
    const wait = this.#wait;
    if (wait.isReady(Source.wake)) {
      wait.clearWake();
      this.#onWake();
      this.#now = this.#clock();
    }
    if (this.#now >= this.machine.nextTimeout()) {
      this.machine.handleTimeout(this.#now);
      this.flush();
    }
    const received = this.#datagramsReceived;
    if (wait.isReady(Source.udp)) this.#readSocket(wait.udp);
    if (wait.isReady(Source.tun)) this.#readTun(this.#datagramsReceived - received);
    else this.#ahead.pass();
    if (wait.isReady(Source.lan)) this.#readSocket(wait.lan);
    if (this.#events.length > 0) this.#emitEvents();
  }

  /** Apart from the functions of a turn, since compiled code of the warm-up does not expect it. */
  #workWhileIdle(work: () => boolean): void {
    if (!work()) this.#idleWork = null;
  }

  /**
   * Waits for an event; whether there was one.
   *
   * @param longest - upper bound in milliseconds. The wait may end later by what the last turn took: its beginning
   * counts as now, because asking for the time costs a lone packet more than all the rest here
   */
  #waitFor(longest: number): boolean {
    const now = this.#now;
    return this.#wait.wait(now, Math.min(this.machine.nextTimeout(), now + longest));
  }

  #readSocket(fd: number): void {
    const received = this.#receive.receive(fd);
    this.#receiveCalls++;
    if (received <= 0) {
      this.#receiveFailed();
      return;
    }
    this.#consecutiveErrors = 0;
    const receive = this.#receive;
    for (let slot = 0; slot < received; slot++) {
      const at = receive.offset(slot);
      const length = receive.length(slot);
      this.#messagesReceived++;
      const size = receive.gsoSize(slot);
      if (size === 0 || size >= length) {
        this.#datagram(slot, at, length);
        continue;
      }
      this.#datagrams(slot, at, length, size);
    }
    this.flush();
  }

  /** UDP_GRO coalesced datagrams of one sender: the machine gets those of one header at once. */
  #datagrams(slot: number, at: number, length: number, size: number): void {
    const { bytes } = this.#arena;
    const address = this.#receive.address(slot);
    const port = this.#receive.port(slot);
    for (let done = 0; done < length; ) {
      const one = Math.min(size, length - done);
      const run = this.tap === null ? this.#work.alike(at + done, length - done, size) : one;
      if (run > one) {
        this.#datagramsReceived += Math.ceil(run / size);
        this.machine.handleDatagrams(bytes, at + done, run, size, address, port, this.#now);
      } else {
        this.#datagram(slot, at + done, one);
      }
      done += run;
    }
  }

  #datagram(slot: number, at: number, length: number): void {
    this.#datagramsReceived++;
    const { bytes } = this.#arena;
    const address = this.#receive.address(slot);
    const port = this.#receive.port(slot);
    if (this.tap !== null) this.tap.received(bytes, at, length, address, port, this.#now);
    this.machine.handleDatagram(bytes, at, length, address, port, this.#now);
  }

  /** Receive errors are mostly ICMP errors about earlier datagrams; each call removes one. */
  #receiveFailed(): void {
    const errno = this.#libc.errno();
    if (errno === this.#errno.again || errno === this.#errno.interrupted) return;
    this.#receiveErrors.count(this.#libc.nameOf(errno));
    if (++this.#consecutiveErrors < MAX_CONSECUTIVE_ERRORS) return;
    this.#consecutiveErrors = 0;
    this.#wait.pauseUdp(this.#now);
  }

  /** Reads at least as many packets as were received in this turn, so that neither direction waits for the other. */
  #readTun(share: number): void {
    const input = this.#input;
    const before = input.calls;
    const end = input.packets + share;
    let result = input.read(this, this.#ahead.most);
    while (result === TunRead.more && input.packets < end) result = input.read(this);
    this.#ahead.read(input.calls - before);
    switch (result) {
      case TunRead.failed:
        this.#wait.pauseTun(this.#now);
        break;
      case TunRead.gone:
        this.#wait.dropTun();
        this.#onGone();
        break;
    }
  }

  /** Sends all output of the machine, after which the memory of the batch may be reused. */
  flush(): void {
    this.#output.flush();
    if (!this.#send.isEmpty) this.#flushSends();
  }

  #flushSends(): void {
    while (this.#send.flush(this.#wait.udp) === Flushed.blocked) {
      // Waiting slows down the senders, which is better than losses; but not forever.
      const isReady = this.#wait.waitForRoom(MAX_BLOCK);
      this.#now = this.#clock();
      if (isReady) continue;
      this.#queueDrops += this.#send.discard();
      return;
    }
  }

  #emitEvents(): void {
    for (let event = this.#events.shift(); event; event = this.#events.shift()) {
      this.#onEvent(event);
    }
  }
}
