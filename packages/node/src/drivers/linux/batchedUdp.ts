import type { Endpoint, UdpEndpoint } from '@6bed4/codec';
import type { BatchReport, OffloadReport } from '../driverReport.js';
import { Arena } from '../kernel/arena.js';
import type { Libc, Readiness } from '../kernel/libc.js';
import type { RawLibc } from '../kernel/rawLibc.js';
import { RECEIVE_BATCH_SIZE, ReceiveBatch } from '../kernel/receiveBatch.js';
import { whenReadable } from '../kernel/whenReadable.js';
import type { DatagramHandler, DatagramPort, DatagramPortCounters } from '../ports/datagramPort.js';
import { ScriptSummedBytes, type SummedBytes } from '../ports/summedBytes.js';
import { DeferredSender } from './deferredSender.js';
import { ErrorCounts } from './errorCounts.js';
import { LinuxUdp, type LinuxUdpOptions } from './linuxUdp.js';
import { SEND_BATCH_SIZE } from './sendBatch.js';

/** Errors that one turn of the event loop takes from a socket, at most: each call reports one. */
const MOST_ERRORS = 16;

/** What a {@link BatchedUdp} is opened with. */
export interface BatchedUdpOptions extends Omit<LinuxUdpOptions, 'sockets'> {
  readonly libc: Libc;
  readonly rawLibc: RawLibc;
}

/**
 * A UDP socket for a program, by batches of system calls on the event loop of Node.js: what is sent in one callback
 * leaves together when it has returned, and all that waits in the socket is received at once.
 */
export class BatchedUdp implements DatagramPort {
  readonly memory: SummedBytes;
  readonly #libc: Libc;
  readonly #udp: LinuxUdp;
  readonly #usesOffloads: boolean;
  readonly #receive: ReceiveBatch;
  readonly #send: DeferredSender;
  readonly #errors: { readonly again: number; readonly interrupted: number };
  readonly #receiveErrors = new ErrorCounts();
  readonly #rawLibc: RawLibc;
  #handler: DatagramHandler | null = null;
  #watches: Readiness[] = [];
  #lan = -1;
  #isRef = true;
  #isClosed = false;
  #turn = 0;
  #waits = 0;
  #receiveCalls = 0;
  #messagesReceived = 0;
  #datagramsReceived = 0;

  private constructor(options: BatchedUdpOptions, udp: LinuxUdp) {
    const { libc, rawLibc } = options;
    this.#libc = libc;
    this.#rawLibc = rawLibc;
    this.#udp = udp;
    this.#usesOffloads = options.offloads;
    const arena = new Arena(rawLibc, RECEIVE_BATCH_SIZE + SEND_BATCH_SIZE);
    this.memory = new ScriptSummedBytes(arena);
    this.#receive = new ReceiveBatch(rawLibc, arena);
    this.#send = new DeferredSender({
      libc: rawLibc,
      arena,
      fd: udp.sockets[0]!,
      segmentation: udp.features.send,
      onPause: () => this.#unwatch(),
      onResume: () => this.#watch(),
    });
    this.#errors = { again: libc.numberOf('EAGAIN'), interrupted: libc.numberOf('EINTR') };
    this.#watch();
  }

  /**
   * Binds a socket.
   *
   * @throws StartError when the port is taken or the address is not of this computer
   */
  static open(options: BatchedUdpOptions): BatchedUdp {
    const udp = LinuxUdp.open(options.libc, { ...options, sockets: 1 });
    try {
      return new BatchedUdp(options, udp);
    } catch (error) {
      udp.close();
      throw error;
    }
  }

  get endpoint(): Endpoint {
    return this.#udp.endpoint;
  }

  get turn(): number {
    return this.#turn;
  }

  get counters(): DatagramPortCounters {
    return {
      sendErrors: this.#send.batch.errors.snapshot(),
      receiveErrors: this.#receiveErrors.snapshot(),
      queueDrops: this.#send.queueDrops,
    };
  }

  get waiting(): { readonly datagrams: number; readonly bytes: number } {
    return this.#send.waiting;
  }

  /** What the kernel does for this socket. */
  get offloads(): readonly OffloadReport[] {
    const { receive } = this.#udp.features;
    const refused = this.#usesOffloads ? 'the kernel does not support it' : 'switched off';
    return [
      { name: 'udp-send', active: this.#send.batch.segmentation },
      { name: 'udp-receive', active: receive },
    ].map((one) => ({ ...one, reason: one.active ? null : refused }) as OffloadReport);
  }

  /** Counts of system calls. */
  get batches(): BatchReport {
    return {
      waits: this.#waits,
      receiveCalls: this.#receiveCalls,
      messagesReceived: this.#messagesReceived,
      datagramsReceived: this.#datagramsReceived,
      sendCalls: this.#send.batch.calls,
      messagesSent: this.#send.batch.messages,
      datagramsSent: this.#send.batch.datagrams,
      tunReads: 0,
      packetsRead: 0,
      tunWrites: 0,
      packetsWritten: 0,
    };
  }

  ref(): void {
    this.#isRef = true;
    for (const watch of this.#watches) watch.ref();
  }

  unref(): void {
    this.#isRef = false;
    for (const watch of this.#watches) watch.unref();
  }

  start(handler: DatagramHandler): void {
    this.#handler = handler;
  }

  send(
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: Readonly<UdpEndpoint>,
    tos: number,
    ttl: number,
  ): void {
    if (!this.#isClosed) this.#send.send(bytes, offset, length, to, tos, ttl);
  }

  rebind(even: boolean): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#send.flush();
    const closePrevious = this.#udp.rebind(even);
    this.#send.fd = this.#udp.sockets[0]!;
    this.#unwatch();
    closePrevious();
    this.#watch();
    return Promise.resolve();
  }

  listenOnLan(port: number): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#lan = this.#udp.openLan(port);
    this.#unwatch();
    this.#watch();
    return Promise.resolve();
  }

  close(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#send.close();
    this.#isClosed = true;
    this.#handler = null;
    this.#unwatch();
    this.#udp.close();
    return Promise.resolve();
  }

  #watch(): void {
    if (this.#send.isPaused) return;
    const descriptors = this.#lan < 0 ? this.#udp.sockets : [...this.#udp.sockets, this.#lan];
    this.#watches = descriptors.map((fd) => whenReadable(this.#libc, fd, () => this.#drain(fd)));
    if (!this.#isRef) this.unref();
  }

  #unwatch(): void {
    for (const watch of this.#watches) watch.close();
    this.#watches = [];
  }

  /** Hands over what one call receives; there will be another turn for the rest. */
  #drain(fd: number): void {
    // It may have been closed since it was found to be readable.
    if (fd !== this.#lan && fd !== this.#udp.sockets[0]) return;
    if (this.#send.isPaused) return;
    this.#waits++;
    this.#turn++;
    const count = this.#receiveFrom(fd);
    let thrown: { readonly error: unknown } | null = null;
    for (let slot = 0; slot < count && !this.#isClosed; slot++) {
      try {
        this.#handOver(slot);
      } catch (error) {
        // What a listener throws must not cost others their datagrams.
        thrown ??= { error };
      }
    }
    if (thrown !== null) throw thrown.error;
  }

  /** @returns the number of messages */
  #receiveFrom(fd: number): number {
    for (let errors = 0; errors < MOST_ERRORS; errors++) {
      this.#receiveCalls++;
      const count = this.#receive.receive(fd);
      if (count >= 0) {
        this.#messagesReceived += count;
        return count;
      }
      const errno = this.#rawLibc.errno();
      if (errno === this.#errors.again) return 0;
      if (errno !== this.#errors.interrupted) {
        this.#receiveErrors.count(this.#rawLibc.nameOf(errno));
      }
    }
    return 0;
  }

  #handOver(slot: number): void {
    const receive = this.#receive;
    const { bytes } = this.memory;
    const at = receive.offset(slot);
    const length = receive.length(slot);
    const size = receive.gsoSize(slot);
    const step = size === 0 ? Math.max(length, 1) : size;
    const address = receive.address(slot) >>> 0;
    const port = receive.port(slot);
    // Several datagrams of one sender may have been coalesced (UDP_GRO). An empty one is handed over, too.
    let done = 0;
    do {
      this.#datagramsReceived++;
      this.#handler?.(bytes, at + done, Math.min(step, length - done), address, port);
      done += step;
    } while (done < length);
  }
}
