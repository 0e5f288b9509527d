import { completeWebPath, type WebPathOptions } from './webPathOptions.js';

/** A connection as its path sees it. */
export interface PathMember {
  /** Ends it at both ends at once, with the code 1006. */
  cut(): void;
  /** Ends it without a word to anybody. */
  lose(): void;
  /** The path is up again. */
  pathIsUp(): void;
}

/** The way of WebSockets between a peer and its gateway, as it goes through any network that lets web pages pass. */
export class WebPath {
  readonly #connections = new Set<PathMember>();
  #options: Required<WebPathOptions>;
  #isUp = true;

  /** @internal */
  constructor(options: WebPathOptions) {
    this.#options = completeWebPath(options);
  }

  /** Its options, all defaults filled in. */
  get options(): Required<WebPathOptions> {
    return this.#options;
  }

  /** Changes its options, for messages to come; `idleTimeout` for connections to come. @throws RangeError */
  set options(options: WebPathOptions) {
    this.#options = completeWebPath(options);
  }

  /** Whether messages arrive; else they wait, and arrive once it is up again, as TCP repeats them. */
  get isUp(): boolean {
    return this.#isUp;
  }

  set isUp(isUp: boolean) {
    this.#isUp = isUp;
    if (isUp) for (const connection of [...this.#connections]) connection.pathIsUp();
  }

  /** Connections on it at present. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Ends all connections, and both ends notice: a reset. */
  cut(): void {
    for (const connection of [...this.#connections]) connection.cut();
  }

  /** Ends all connections, and nobody is told, as when a computer leaves its network. */
  lose(): void {
    for (const connection of [...this.#connections]) connection.lose();
  }

  /** @internal */
  add(connection: PathMember): void {
    this.#connections.add(connection);
  }

  /** @internal */
  remove(connection: PathMember): void {
    this.#connections.delete(connection);
  }
}
