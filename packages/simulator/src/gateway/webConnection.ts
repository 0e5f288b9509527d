import type { CloseEventLike, SessionConnection, WebSocketLike } from '@6bed4/gateway';
import { SUBPROTOCOL } from '@6bed4/gateway';
import type { Random } from '../time/random.js';
import { VirtualTimer } from '../time/virtualTimer.js';
import type { World } from '../world/world.js';
import type { PathMember, WebPath } from './webPath.js';
import { WebStream } from './webStream.js';

/** The server's end of a {@link WebConnection}. */
export interface ServerEnd extends SessionConnection {
  onmessage: (data: string | Uint8Array) => void;
  /** The other end has answered a ping. */
  onpong: () => void;
  onclose: (code: number) => void;
}

/** Takes the connections of clients. */
export interface WebServer {
  readonly isListening: boolean;
  connected(end: ServerEnd, protocols: readonly string[]): void;
}

/** Runs what a socket reports to its program, now or once that runs again. */
export type RunInProgram = (action: () => void) => void;

const ABNORMAL = 1006;
/** A client has crossed the path so often when its request for a WebSocket arrives: TCP, and TLS 1.3, come first. */
const REQUEST_CROSSINGS = 5;
/** Masks of clients, and lengths above 125 (RFC 6455 §5.2). */
const MASK = 4;
const [SHORT_FRAME, LONG_FRAME] = [2, 4];
const LONGEST_SHORT = 125;

function frameLength(data: string | Uint8Array): number {
  return data.length + (data.length > LONGEST_SHORT ? LONG_FRAME : SHORT_FRAME);
}

/** A WebSocket between a peer and a gateway, in virtual time: two streams, and what both ends notice. */
export class WebConnection implements WebSocketLike, PathMember {
  binaryType = 'blob';
  protocol = '';
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly #world: World;
  readonly #path: WebPath;
  readonly #run: RunInProgram;
  readonly #up: WebStream;
  readonly #down: WebStream;
  readonly #server: ServerEnd;
  readonly #idleTimer: VirtualTimer | null;
  #clientIsOpen = false;
  #serverIsOpen = false;
  #isOver = false;

  constructor(
    world: World,
    path: WebPath,
    random: Random,
    run: RunInProgram,
    protocols: readonly string[],
    server: WebServer,
  ) {
    this.#world = world;
    this.#path = path;
    this.#run = run;
    this.#up = new WebStream(world, path, random);
    this.#down = new WebStream(world, path, random);
    this.#server = this.#makeServerEnd();
    path.add(this);
    const { idleTimeout } = path.options;
    this.#idleTimer =
      idleTimeout === Number.POSITIVE_INFINITY
        ? null
        : new VirtualTimer(world, () => this.cut(), idleTimeout);
    this.#up.send(0, () => this.#requested(protocols, server), REQUEST_CROSSINGS);
  }

  get bufferedAmount(): number {
    return this.#up.waiting;
  }

  send(data: Uint8Array): void {
    if (!this.#clientIsOpen) return;
    const copy = data.slice();
    this.#idleTimer?.refresh();
    this.#up.send(frameLength(copy) + MASK, () => {
      if (this.#serverIsOpen) this.#server.onmessage(copy);
    });
  }

  close(code = 1005): void {
    if (this.#isOver) return;
    this.#clientIsOpen = false;
    this.#down.kill();
    this.#up.send(SHORT_FRAME + MASK, () => {
      this.#serverIsOver(code);
      this.#over();
    });
  }

  cut(): void {
    this.#over();
    this.#world.scheduler.at(this.#world.scheduler.now, {
      happen: () => {
        this.#serverIsOver(ABNORMAL);
        this.#clientIsOver({ code: ABNORMAL, reason: '' });
      },
    });
  }

  lose(): void {
    this.#over();
  }

  pathIsUp(): void {
    this.#up.release();
    this.#down.release();
  }

  /** The request for a WebSocket has come to the server. */
  #requested(protocols: readonly string[], server: WebServer): void {
    if (!server.isListening) {
      this.cut();
      return;
    }
    this.#idleTimer?.refresh();
    this.#serverIsOpen = true;
    this.#down.send(0, () => {
      this.#clientIsOpen = true;
      this.protocol = SUBPROTOCOL;
    });
    server.connected(this.#server, protocols);
  }

  #makeServerEnd(): ServerEnd {
    const connection = this;
    return {
      onmessage: () => {},
      onpong: () => {},
      onclose: () => {},
      get isOpen() {
        return connection.#serverIsOpen;
      },
      get bufferedAmount() {
        return connection.#down.waiting;
      },
      send: (data) => this.#sendDown(data),
      ping: () => this.#ping(),
      cork() {},
      uncork() {},
      close: (code, reason) => this.#closeByServer(code, reason),
      terminate: () => {
        this.#up.kill();
        this.#serverIsOver(ABNORMAL);
      },
    };
  }

  #sendDown(data: string | Uint8Array): void {
    if (!this.#serverIsOpen) return;
    const content = typeof data === 'string' ? data : data.slice().buffer;
    this.#idleTimer?.refresh();
    this.#down.send(frameLength(data), () => {
      this.#run(() => this.onmessage?.({ data: content } as never));
    });
  }

  /** Browsers answer by themselves. */
  #ping(): void {
    if (!this.#serverIsOpen) return;
    this.#idleTimer?.refresh();
    this.#down.send(SHORT_FRAME, () => {
      this.#idleTimer?.refresh();
      this.#up.send(SHORT_FRAME + MASK, () => this.#server.onpong());
    });
  }

  #closeByServer(code: number, reason: string): void {
    if (!this.#serverIsOpen) return;
    this.#serverIsOpen = false;
    this.#down.send(SHORT_FRAME + reason.length, () => {
      this.#clientIsOver({ code, reason });
      this.#up.send(SHORT_FRAME + MASK, () => {
        this.#serverIsOver(code);
        this.#over();
      });
    });
  }

  #serverIsOver(code: number): void {
    this.#serverIsOpen = false;
    const { onclose } = this.#server;
    this.#server.onclose = () => {};
    onclose(code);
  }

  #clientIsOver(event: CloseEventLike): void {
    this.#clientIsOpen = false;
    this.#run(() => this.onclose?.(event as never));
  }

  /** Nothing passes any more. */
  #over(): void {
    this.#isOver = true;
    this.#idleTimer?.close();
    this.#up.kill();
    this.#down.kill();
    this.#path.remove(this);
  }
}
