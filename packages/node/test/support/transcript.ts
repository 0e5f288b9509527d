import type dgram from 'node:dgram';
import { inspect } from 'node:util';
import type { DatagramPlace } from './datagramPlaces.js';

/** One event or result, in a form that does not depend on the kind of socket. */
export type Entry = readonly unknown[];

/** Records events and results, with addresses and chosen ports replaced by names. */
export class Transcript {
  readonly entries: Entry[] = [];
  readonly #place: DatagramPlace;
  readonly #ports = new Map<number, string>();

  constructor(place: DatagramPlace) {
    this.#place = place;
  }

  /** Replaces a port by a name from now on. */
  name(port: number, name: string): void {
    this.#ports.set(port, name);
  }

  note(...what: unknown[]): void {
    this.entries.push(what.map((one) => this.plain(one)));
  }

  /** Records the result or exception of a call. */
  call(title: string, run: () => unknown): void {
    try {
      const result = run();
      this.note(title, 'returned', typeof result === 'object' && result !== null ? result : result);
    } catch (error) {
      this.note(title, 'threw', error);
    }
  }

  /** Records all events of a socket. */
  follow(name: string, socket: dgram.Socket): void {
    socket.on('listening', () => {
      this.name(socket.address().port, `port of ${name}`);
      this.note(name, 'listening');
    });
    socket.on('message', (message, from) => {
      this.note(name, 'message', message.toString('latin1').slice(0, 40), from);
    });
    socket.on('connect', () => this.note(name, 'connect'));
    socket.on('error', (error) => this.note(name, 'error', error));
    socket.on('close', () => this.note(name, 'close'));
  }

  plain(value: unknown): unknown {
    if (value instanceof Error) return this.#plainError(value);
    if (typeof value === 'string') return this.#plainText(value);
    if (typeof value === 'number') return this.#ports.get(value) ?? value;
    if (typeof value !== 'object' || value === null) return value;
    if (value.constructor !== Object) return `a ${kindOf(value)}`;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.plain(one)]));
  }

  #plainError(error: Error): unknown {
    const { code, syscall, errno, address, port, info } = error as NodeJS.ErrnoException & {
      address?: string;
      port?: number;
      info?: object;
    };
    // The one message that says more than that of Node.js.
    const message = error.message.replace(/: \d+ bytes in one datagram, at most \d+ fit$/, '');
    return {
      kind: [TypeError, RangeError].map((kind) => error instanceof kind),
      name: error.name,
      keys: Object.keys(error),
      // The details as they are printed; the test runner has stacks of its own.
      ...(info === undefined ? {} : { shown: inspect(error).replace(/^.*\n( +at .*\n)*/, '') }),
      message: this.#plainText(message),
      text: this.#plainText(String(error)).replace(
        /: \d+ bytes in one datagram, at most \d+ fit$/,
        '',
      ),
      ...(this.plain({ code, syscall, errno, address, port, info }) as object),
    };
  }

  #plainText(text: string): string {
    const { leftAddress, rightAddress } = this.#place;
    let plain = text;
    // ::1 is another name for both ends of a place that is one computer.
    for (const address of [leftAddress, rightAddress, '::1']) {
      plain = plain.replaceAll(address, '<address>');
    }
    for (const [port, name] of this.#ports) plain = plain.replaceAll(String(port), `<${name}>`);
    return plain;
  }
}

/** The name of a socket class, the same for all kinds. */
function kindOf(value: object): string {
  return value.constructor.name.replace('TunnelSocket', 'Socket');
}
