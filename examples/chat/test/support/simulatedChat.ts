import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Internet, Placement } from '@6bed4/simulator';
// @ts-expect-error the example is plain JavaScript
import { openSession } from '../../session.mjs';

export const ROUTER = '198.51.100.1';
/** Milliseconds of virtual time between two looks at what was shown. */
const LOOK = 50;

interface Session {
  readonly lines: { emit(event: 'line', line: string): void };
  readonly card: string;
  readonly address: string;
}

/** One who chats on a host of a simulated Internet. */
export class SimulatedChat {
  /** The folder of documents that were received. */
  readonly folder: string;
  readonly #net: Internet;
  readonly #session: Session;
  readonly #shown: readonly string[];

  private constructor(net: Internet, session: Session, shown: readonly string[], folder: string) {
    this.#net = net;
    this.#session = session;
    this.#shown = shown;
    this.folder = folder;
  }

  /** Starts a chat on a new host, with a new key; its files go into a folder in `home`. */
  static async enter(
    net: Internet,
    name: string,
    placement: Placement,
    home: string,
  ): Promise<SimulatedChat> {
    const { environment } = net.host(name, placement);
    const folder = await mkdtemp(join(home, `${name}-`));
    const identity = join(folder, 'identity.pem');
    const settings = { router: ROUTER, name, identity, folder, limit: 10, environment };
    const shown: string[] = [];
    const output = { write: (text: string) => shown.push(text) };
    const session: Session = await openSession(new PassThrough(), output, settings);
    net.nameAddress(session.address, name);
    return new SimulatedChat(net, session, shown, folder);
  }

  /** What the chat has shown. */
  get output(): string {
    return this.#shown.join('');
  }

  /** `FINGERPRINT@ADDRESS`, with the address that it had first. */
  get card(): string {
    return this.#session.card;
  }

  type(line: string): void {
    this.#session.lines.emit('line', line);
  }

  /** Waits, in virtual time, for a line behind `start`, and returns it. */
  async line(pattern: RegExp, start = 0): Promise<string> {
    for (;;) {
      const found = this.output
        .slice(start)
        .split('\n')
        .slice(0, -1)
        .find((line) => pattern.test(line));
      if (found !== undefined) return found;
      await this.#net.sleep(LOOK);
    }
  }
}

/** Lets each of two call the other, and waits until both see that. */
export async function meet(alice: SimulatedChat, bob: SimulatedChat): Promise<void> {
  alice.type(`/call ${bob.card}`);
  bob.type(`/call ${alice.card}`);
  await bob.line(/^alice is online, path/);
  await alice.line(/^bob is online, path/);
}
