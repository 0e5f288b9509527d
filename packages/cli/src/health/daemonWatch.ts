import { type ControlStream, requestStream } from '../control/controlClient.js';

const DRAINING = /"event":"(?:draining|resumed)"/;

/** Notices at once that a daemon ends, begins to drain, or takes traffic again. */
export class DaemonWatch {
  readonly #onChange: () => void;
  #stream: ControlStream | null = null;
  #path: string | null = null;
  #isOpening = false;
  #isLost = false;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Whether the daemon has ended since this was asked the last time. */
  takeLoss(): boolean {
    const isLost = this.#isLost;
    this.#isLost = false;
    return isLost;
  }

  /** Watches the daemon of a control socket, if that is not so already. */
  follow(path: string): void {
    if (this.#isOpening || (this.#stream !== null && this.#path === path)) return;
    this.close();
    this.#isOpening = true;
    this.#path = path;
    requestStream(path, { request: 'monitor' }).then(
      (stream) => this.#opened(stream),
      // The next check says why.
      () => {
        this.#isOpening = false;
      },
    );
  }

  close(): void {
    const stream = this.#stream;
    this.#stream = null;
    stream?.socket.destroy();
  }

  #opened(stream: ControlStream): void {
    const { socket } = stream;
    this.#isOpening = false;
    this.#stream = stream;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      if (DRAINING.test(text)) this.#onChange();
    });
    socket.on('error', () => {});
    socket.once('end', () => socket.destroy());
    socket.once('close', () => {
      if (this.#stream !== stream) return;
      this.#stream = null;
      this.#isLost = true;
      this.#onChange();
    });
    socket.resume();
  }
}
