import { parseIPv6 } from '@6bed4/codec';
import { buildIcmpError, type IcmpError, type IcmpErrorBase } from '@6bed4/nd';
import { seededRandom } from '@6bed4/testing/random';
import { expect } from 'vitest';
import { type TcpConnection, TcpStack, type TcpStackOptions } from '../../src/index.js';
import {
  type Bases,
  decodeSegment,
  encodeSegment,
  formatSegment,
  parseSegment,
  patternAt,
  type SegmentFields,
  type Side,
} from './segmentText.js';

/** The two sides of every script. */
export const US: Side = { address: parseIPv6('fc64::1'), port: 80 };
export const THEM: Side = { address: parseIPv6('fc64::2'), port: 50_000 };

/** Their first number is so high that numbers wrap in each script. */
const THEIR_INITIAL = -100;
const START = 5_000;

interface Line {
  readonly at: number;
  readonly kind: string;
  readonly text: string;
}

type Entry = { at: number; kind: '>'; fields: SegmentFields } | Line;

type WithoutPacket<E> = E extends IcmpError ? Omit<E, keyof IcmpErrorBase> : never;
/** An ICMPv6 error without its addresses and the packet that it is about. */
export type ReportedError = WithoutPacket<IcmpError>;

/** A stack that a script drives, in virtual time. */
export class ScriptedStack {
  readonly stack: TcpStack;
  readonly bases: Bases = { ours: 0, theirs: THEIR_INITIAL, timestamp: 0 };
  /** The connection that was made last. */
  connection: TcpConnection | null = null;
  readonly log: Entry[] = [];
  now = START;
  /** Whether the application takes a connection when it is open; otherwise by the command `accept`. */
  acceptsAtOnce = true;
  #hasTimestamp = false;
  #written = 0;
  #isSound = true;
  #read = 0;
  #accept: () => void = () => {};

  constructor(options: Partial<TcpStackOptions> = {}) {
    this.stack = new TcpStack(
      { random: seededRandom(7), ...options },
      {
        sendPacket: (bytes, offset, length) => this.#sent(bytes.slice(offset, offset + length)),
        event: (_, event) => this.#note('!', event),
        accepted: (listener) => {
          this.#note('!', 'accepted');
          this.#accept = () => {
            this.connection = listener.accept();
          };
        },
      },
    );
  }

  /** Runs until a time of the script, in milliseconds from its begin. */
  advance(at: number): void {
    for (;;) {
      const next = this.stack.nextTimeout();
      if (next > START + at) break;
      this.now = Math.max(this.now, next);
      this.stack.handleTimeout(this.now);
      if (this.log.length > 10_000) throw new Error('the stack does not come to rest');
    }
    this.now = START + at;
  }

  /** A segment of the other side arrives. */
  inject(text: string, from: Side = THEM, to: Side = US): void {
    const packet = encodeSegment(parseSegment(text), from, to, this.bases);
    this.stack.handlePacket(packet, 0, packet.length, this.now);
    if (this.acceptsAtOnce) this.command('accept');
  }

  /** An ICMPv6 error arrives about a segment of ours with this sequence number. */
  report(error: ReportedError, sequence: number): void {
    const swapped = { ours: this.bases.theirs, theirs: this.bases.ours, timestamp: 0 };
    const fields = { flags: 'A', sequence, length: 0, ack: 0 };
    const packet = buildIcmpError({
      ...error,
      source: parseIPv6('fc64::ffff'),
      destination: US.address,
      invoking: encodeSegment(fields, US, THEM, swapped),
    } as IcmpError);
    this.stack.handleIcmpError(packet, 0, packet.length, this.now);
  }

  /** Carries out a command of a script; returns it, with what came of it. */
  command(text: string): string {
    const [name, ...rest] = text.split(/\s+/);
    const numbers = rest.map(Number);
    const run = this.#commands[name!];
    if (run === undefined) throw new Error(`no such command: ${text}`);
    return run(numbers) ?? text;
  }

  get state(): string {
    const { connection } = this;
    if (connection === null) return 'none';
    return connection.error === null ? connection.state : `${connection.state} ${connection.error}`;
  }

  readonly #commands: Readonly<Record<string, (numbers: number[]) => string | undefined>> = {
    connect: () => {
      this.connection = this.stack.connect(US, THEM, this.now);
      return undefined;
    },
    listen: ([backlog]) => {
      this.stack.listen(null, US.port, backlog);
      return undefined;
    },
    accept: () => {
      this.#accept();
      this.#accept = () => {};
      return undefined;
    },
    write: ([length]) => {
      const bytes = Uint8Array.from({ length: length! }, (_, at) => patternAt(this.#written + at));
      const count = this.connection!.write(bytes, 0, length!, this.now);
      this.#written += count;
      return `write ${count}`;
    },
    read: ([length]) => {
      const into = new Uint8Array(length!);
      const count = this.connection!.read(into, 0, length!, this.now);
      for (let at = 0; at < count; at++) {
        if (into[at] !== patternAt(this.#read + at)) this.#isSound = false;
      }
      this.#read += count;
      return this.#isSound ? `read ${count}` : 'read other bytes';
    },
    end: () => this.connection!.end(this.now) as undefined,
    close: () => this.connection!.close(this.now) as undefined,
    abort: () => this.connection!.abort(this.now) as undefined,
    nodelay: () => {
      this.connection!.noDelay = true;
      return undefined;
    },
    keepalive: ([idle, interval, count]) => {
      const options = { idle: idle!, interval: interval!, count: count! };
      this.connection!.setKeepAlive(idle === 0 ? null : options, this.now);
      return undefined;
    },
    'user-timeout': ([time]) => this.connection!.setUserTimeout(time!, this.now) as undefined,
    unreachable: ([code, sequence]) =>
      this.report({ type: 'destination-unreachable', code: code! }, sequence!) as undefined,
    exceeded: ([code, sequence]) =>
      this.report({ type: 'time-exceeded', code: code! }, sequence!) as undefined,
    problem: ([code, sequence]) =>
      this.report({ type: 'parameter-problem', code: code!, pointer: 6 }, sequence!) as undefined,
    'too-big': ([mtu, sequence]) =>
      this.report({ type: 'packet-too-big', mtu: mtu! }, sequence!) as undefined,
  };

  #sent(packet: Uint8Array): void {
    if (!this.#hasTimestamp) {
      const view = new DataView(packet.buffer);
      // Timestamps come behind the maximum segment size and SACK permitted.
      for (let at = 60; at + 10 <= packet.length && !this.#hasTimestamp; at++) {
        if (view.getUint16(at) !== 0x08_0a) continue;
        this.bases.timestamp = view.getInt32(at + 2);
        this.#hasTimestamp = true;
      }
    }
    const fields = decodeSegment(packet, this.bases);
    this.log.push({ at: this.now - START, kind: '>', fields });
  }

  #note(kind: string, text: string): void {
    this.log.push({ at: this.now - START, kind, text });
  }
}

/**
 * Runs a script: lines of a time in milliseconds (`+10`: behind the line before), a sign and what happens.
 *
 *     0    connect                            a command to our side
 *     0    > S 0 <mss 1220>                   a segment that our side sends, exactly then
 *     +10  < SA 0 ack 1 win 1000 <mss 1000>   a segment of the other side
 *     +0   ! open                             an event; where no event is written, none is checked
 *     +0   = ESTABLISHED                      the state of the connection, and its error
 *
 * Numbers count from the initial ones. Of segments that are sent, only those fields are compared that are
 * written, but flags, sequence number, length and marks always.
 */
export function runScript(
  script: string,
  options: Partial<TcpStackOptions> = {},
  scripted: ScriptedStack = new ScriptedStack(options),
): ScriptedStack {
  const lines = parseScript(script);
  for (const { at, kind, text } of lines) {
    scripted.advance(at);
    if (kind === '<') {
      scripted.log.push({ at, kind, text });
      scripted.inject(text);
    } else if (kind === '=') {
      scripted.log.push({ at, kind, text: scripted.state });
    } else if (kind === '$') {
      const index = scripted.log.push({ at, kind, text }) - 1;
      scripted.log[index] = { at, kind, text: scripted.command(text) };
    }
  }
  const hasEvents = lines.some(({ kind }) => kind === '!');
  const entries = scripted.log.filter(({ kind }) => hasEvents || kind !== '!');
  expect(entries.map((entry, index) => formatEntry(entry, lines[index]))).toEqual(
    lines.map((line) => `${line.at} ${line.kind} ${normalText(line)}`),
  );
  scripted.log.length = 0;
  return scripted;
}

function normalText({ kind, text }: Line): string {
  return kind === '>' ? formatSegment(parseSegment(text)) : text;
}

function formatEntry(entry: Entry, like: Line | undefined): string {
  const at = Math.round(entry.at * 1_000) / 1_000;
  if (!('fields' in entry)) return `${at} ${entry.kind} ${entry.text}`;
  const mask = like?.kind === '>' ? parseSegment(like.text) : entry.fields;
  return `${at} > ${formatSegment(entry.fields, mask)}`;
}

function parseScript(script: string): Line[] {
  let at = 0;
  const lines: Line[] = [];
  for (const line of script.split('\n').map((text) => text.replace(/#.*$/, '').trim())) {
    if (line === '') continue;
    const [, time, sign, text] = /^(\+?[\d.]+)\s+(?:([<>!=])\s*)?(.*)$/.exec(line)!;
    at = time!.startsWith('+') ? at + Number(time) : Number(time);
    lines.push({ at, kind: sign ?? '$', text: text!.trim() });
  }
  return lines;
}
