import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  type Worker,
} from 'node:worker_threads';
import { InvalidArgumentError } from '@6bed4/codec';
import type { TunnelEvent } from '@6bed4/tunnel';
import { StartError } from '../../errors.js';
import { clearTimeout, setTimeout, timeOrigin } from '../../realTimers.js';
import { EFD_CLOEXEC, EFD_NONBLOCK } from '../kernel/constants.js';
import type { Libc } from '../kernel/libc.js';
import { LITTLE_ENDIAN, viewOf } from '../kernel/native.js';
import { takeThread } from './earlyThread.js';
import {
  type Answer,
  type Notice,
  type NumberedAnswer,
  type NumberedRequest,
  type PlainError,
  type Request,
  type Result,
  type Results,
  SHARED_SIZE,
  Shared,
  type WorkerSetup,
} from './workerProtocol.js';

/**
 * For how long an answer may take, in waits of so many milliseconds: many times what a busy loop needs. Waits
 * are counted, not time: when the whole process stood still, the thread stood still, too.
 */
const MOST_WAITS = 10;
const WAIT = 500;
/** For how long a thread may take to end by itself, in milliseconds. */
const LONGEST_END = 2000;

/** Listener for the reports of a {@link LoopThread}. */
export interface LoopThreadListener {
  event(event: TunnelEvent): void;
  /** The interface was removed. */
  gone(): void;
  /** The thread ended by itself. */
  died(error: StartError): void;
}

/** Options of a {@link LoopThread}, which adds the rest of its set-up. */
export type LoopThreadOptions = Omit<WorkerSetup, 'wake' | 'shared' | 'requests' | 'timeOrigin'>;

/**
 * A worker thread with a loop that waits in the kernel. Requests are answered while the caller waits:
 * the loop is woken at once and answers between two batches.
 */
export class LoopThread {
  readonly #libc: Libc;
  readonly #listener: LoopThreadListener;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #shared: Int32Array;
  readonly #wake: number;
  readonly #ended: Promise<void>;
  #asked = 0;
  #isLate = false;
  #closing = false;
  #isOver = false;

  private constructor(
    libc: Libc,
    wake: number,
    options: LoopThreadOptions,
    listener: LoopThreadListener,
  ) {
    this.#libc = libc;
    this.#wake = wake;
    this.#listener = listener;
    const shared = new SharedArrayBuffer(SHARED_SIZE);
    this.#shared = new Int32Array(shared);
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const setup: WorkerSetup = { ...options, wake, shared, requests: port2, timeOrigin };
    this.#worker = takeThread();
    this.#worker.postMessage(setup, [port2]);
    this.#ended = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#isOver = true;
        resolve();
      });
    });
    // A process that ends waits for its threads, and one that sleeps in the kernel would not notice.
    process.once('exit', this.#stop);
  }

  /**
   * Starts a thread and waits until its machine is made.
   *
   * @throws InvalidArgumentError for an option that the machine refuses
   * @throws StartError when the thread cannot work
   */
  static async start(
    libc: Libc,
    options: LoopThreadOptions,
    listener: LoopThreadListener,
  ): Promise<LoopThread> {
    const wake = libc.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wake < 0) {
      const code = libc.nameOf(libc.errno());
      throw new StartError(code, `the thread that carries packets cannot be woken: ${code}`);
    }
    const thread = new LoopThread(libc, wake, options, listener);
    try {
      await thread.#becomeReady();
      return thread;
    } catch (error) {
      await thread.close();
      throw error;
    }
  }

  /** Whether the loop answers no more. */
  get isOver(): boolean {
    return this.#isOver || Atomics.load(this.#shared, Shared.ended) === 1;
  }

  /**
   * Sends a request to the loop, and waits for its answer. After one that got none in time, further ones wait
   * only shortly until the thread answers again.
   *
   * @throws InvalidArgumentError what the machine throws about arguments
   * @throws StartError `EPIPE` when the thread has ended, `ETIMEDOUT` when it gives no answer; it may
   * still carry out the request
   */
  request<R extends Request>(request: R): Results[R['type']] {
    const shared = this.#shared;
    if (this.isOver) throw noAnswer('EPIPE', 'has ended');
    const id = ++this.#asked;
    this.#port.postMessage({ id, request } satisfies NumberedRequest);
    this.#rouse();
    let waits = this.#isLate ? MOST_WAITS - 1 : 0;
    for (;;) {
      const before = Atomics.load(shared, Shared.answers);
      const answer = this.#answerTo(id);
      if (answer !== null) return openAnswer(answer) as Results[R['type']];
      if (this.isOver) throw noAnswer('EPIPE', 'has ended');
      if (waits === MOST_WAITS) {
        this.#isLate = true;
        throw noAnswer('ETIMEDOUT', 'gives no answer');
      }
      if (Atomics.wait(shared, Shared.answers, before, WAIT) === 'timed-out') waits++;
    }
  }

  /** Ends the loop, which sends what it has, and then the thread. */
  async close(): Promise<void> {
    if (this.#closing) return this.#ended;
    this.#closing = true;
    this.#stop();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), LONGEST_END);
    });
    if ((await Promise.race([this.#ended, late])) === 'late') await this.#worker.terminate();
    clearTimeout(timer);
    this.#isOver = true;
    process.off('exit', this.#stop);
    this.#port.close();
    this.#libc.close(this.#wake);
  }

  /** The answer of this number, if it has come; late answers to earlier requests are dropped. */
  #answerTo(id: number): Answer | null {
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      if (received === undefined) return null;
      this.#isLate = false;
      const message = received.message as NumberedAnswer;
      if (message.id === id) return message.answer;
    }
  }

  readonly #stop = (): void => {
    Atomics.store(this.#shared, Shared.stop, 1);
    this.#rouse();
  };

  #rouse(): void {
    const one = new Uint8Array(8);
    viewOf(one).setBigUint64(0, 1n, LITTLE_ENDIAN);
    this.#libc.write(this.#wake, one, one.length);
  }

  #becomeReady(): Promise<void> {
    return new Promise((resolve, reject) => {
      let isReady = false;
      let hasFailed = false;
      const failed = (error: Error): void => {
        if (!isReady) reject(error);
        else if (!this.#closing && !hasFailed) this.#listener.died(asStartError(error));
        hasFailed = true;
      };
      this.#worker.on('message', (notice: Notice) => {
        switch (notice.type) {
          case 'ready':
            isReady = true;
            resolve();
            break;
          case 'refused':
            failed(errorFrom(notice.error));
            break;
          case 'event':
            this.#listener.event(notice.event);
            break;
          case 'gone':
            this.#listener.gone();
            break;
        }
      });
      this.#worker.on('error', (error) => failed(threadEnded(error.message, error)));
      this.#worker.on('exit', (code) => failed(threadEnded(`exit code ${code}`)));
    });
  }
}

function threadEnded(why: string, cause?: Error): StartError {
  const message = `the thread that carries packets ended: ${why}`;
  return new StartError('EPIPE', message, cause === undefined ? undefined : { cause });
}

function noAnswer(code: string, why: string): StartError {
  return new StartError(code, `the thread that carries packets ${why}`);
}

function asStartError(error: Error): StartError {
  return error instanceof StartError ? error : threadEnded(error.message, error);
}

function openAnswer(answer: Answer): Result {
  if (answer.ok) return answer.value;
  throw errorFrom(answer.error);
}

/** The error of the other thread, of the same kind where that matters. */
function errorFrom({ message, stack, argument, code }: PlainError): Error {
  if (argument !== null) {
    return new InvalidArgumentError(argument.field, argument.found, argument.expected);
  }
  if (code !== null) return new StartError(code, message);
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
