import type { Endpoint, UdpEndpoint } from '@6bed4/codec';
import { clearTimeout, nextTick, now, setTimeout } from '../../realTimers.js';
import type { BatchReport, OffloadReport } from '../driverReport.js';
import { Arena } from '../kernel/arena.js';
import type { Libc, Readiness } from '../kernel/libc.js';
import type { RawLibc } from '../kernel/rawLibc.js';
import { RECEIVE_BATCH_SIZE, ReceiveBatch } from '../kernel/receiveBatch.js';
import { whenReadable } from '../kernel/whenReadable.js';
import type { DatagramHandler, DatagramPort, DatagramPortCounters } from '../ports/datagramPort.js';
import { ScriptSummedBytes, type SummedBytes } from '../ports/summedBytes.js';
import { ErrorCounts } from './errorCounts.js';
import { LinuxUdp, type LinuxUdpOptions } from './linuxUdp.js';
import { Flushed, SEND_BATCH_SIZE, SendBatch } from './sendBatch.js';

/** Milliseconds until a socket whose send buffer is full is tried again. */
const RETRY_DELAY = 1;
/** Upper bound of the time for which nothing is received because of a full socket, in milliseconds; then datagrams drop. */
const MAX_PAUSE = 100;
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
  readonly #send: SendBatch;
  readonly #errors: { readonly again: number; readonly interrupted: number };
  readonly #receiveErrors = new ErrorCounts();
  readonly #rawLibc: RawLibc;
  #handler: DatagramHandler | null = null;
  #watches: Readiness[] = [];
  #lan = -1;
  #isRef = true;
  #isClosed = false;
  #isDue = false;
  #retry: NodeJS.Timeout | null = null;
  #turn = 0;
  #queueDrops = 0;
  /** Datagrams and bytes since the batch was empty. */
  #queued = 0;
  #queuedBytes = 0;
  #isBlocked = false;
  /** Whether datagrams of the batch lie where they were received. */
  #hasReceived = false;
  /** When receiving stopped, for what was received is waiting for a full socket; null while it goes on. */
  #pausedAt: number | null = null;
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
    this.#send = new SendBatch(rawLibc, arena, udp.features.send);
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
      sendErrors: this.#send.errors.snapshot(),
      receiveErrors: this.#receiveErrors.snapshot(),
      queueDrops: this.#queueDrops,
    };
  }

  get waiting(): { readonly datagrams: number; readonly bytes: number } {
    return this.#isBlocked
      ? { datagrams: this.#queued, bytes: this.#queuedBytes }
      : { datagrams: 0, bytes: 0 };
  }

  /** What the kernel does for this socket. */
  get offloads(): readonly OffloadReport[] {
    const { receive } = this.#udp.features;
    const refused = this.#usesOffloads ? 'the kernel does not support it' : 'switched off';
    return [
      { name: 'udp-send', active: this.#send.segmentation },
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
      sendCalls: this.#send.calls,
      messagesSent: this.#send.messages,
      datagramsSent: this.#send.datagrams,
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
    if (this.#isClosed) return;
    if (!this.#send.add(bytes, offset, length, to, tos, ttl)) {
      // Whatever waits for a full socket has waited long enough to keep others out.
      if (!this.#isBlocked) this.#flush();
      if (!this.#send.add(bytes, offset, length, to, tos, ttl)) {
        this.#queueDrops++;
        return;
      }
    }
    this.#queued++;
    this.#queuedBytes += length;
    if (bytes === this.memory.bytes) this.#hasReceived = true;
    if (this.#isDue || this.#isBlocked) return;
    this.#isDue = true;
    nextTick(this.#sendDue);
  }

  rebind(even: boolean): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#flush();
    const closePrevious = this.#udp.rebind(even);
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
    this.#flush();
    this.#isClosed = true;
    this.#handler = null;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#unwatch();
    this.#udp.close();
    return Promise.resolve();
  }

  #watch(): void {
    if (this.#pausedAt !== null) return;
    const descriptors = this.#lan < 0 ? this.#udp.sockets : [...this.#udp.sockets, this.#lan];
    this.#watches = descriptors.map((fd) => whenReadable(this.#libc, fd, () => this.#drain(fd)));
    if (!this.#isRef) this.unref();
  }

  #unwatch(): void {
    for (const watch of this.#watches) watch.close();
    this.#watches = [];
  }

  readonly #sendDue = (): void => {
    this.#isDue = false;
    if (!this.#isClosed) this.#flush();
  };

  /** Sends what waits; what the socket does not take is tried again later. */
  #flush(): void {
    if (this.#send.isEmpty) return;
    this.#isBlocked = this.#send.flush(this.#udp.sockets[0]!) === Flushed.blocked;
    if (this.#isBlocked && this.#hasReceived) this.#pause();
    if (this.#isBlocked) {
      this.#retry ??= setTimeout(this.#sendAgain, RETRY_DELAY);
      return;
    }
    this.#queued = 0;
    this.#queuedBytes = 0;
    this.#hasReceived = false;
    if (this.#pausedAt === null) return;
    this.#pausedAt = null;
    this.#watch();
  }

  /** Receives nothing in the place of what has yet to be sent; but not forever. */
  #pause(): void {
    this.#pausedAt ??= now();
    this.#unwatch();
    if (now() - this.#pausedAt < MAX_PAUSE) return;
    this.#queueDrops += this.#send.discard();
    this.#isBlocked = false;
  }

  readonly #sendAgain = (): void => {
    this.#retry = null;
    this.#flush();
  };

  /** Hands over what one call receives; there will be another turn for the rest. */
  #drain(fd: number): void {
    // It may have been closed since it was found to be readable.
    if (fd !== this.#lan && fd !== this.#udp.sockets[0]) return;
    if (this.#pausedAt !== null) return;
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
