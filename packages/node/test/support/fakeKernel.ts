import { endianness } from 'node:os';
import { formatIPv6, formatPrefix } from '@6bed4/codec';
import {
  IFA_CACHEINFO,
  NLM_F_REPLACE,
  SIOCGIFINDEX,
  SIOCGIFNAME,
} from '../../src/drivers/kernel/constants.js';
import { viewOf } from '../../src/drivers/kernel/native.js';
import {
  netlinkMessage,
  readAttributes,
  readMessages,
} from '../../src/drivers/kernel/netlinkMessages.js';
import { readLabel, readRoute, readRule } from '../../src/drivers/kernel/routingMessages.js';
import { FakeLibc } from './fakeLibc.js';

const LE = endianness() === 'LE';
const DONE = netlinkMessage(3, 2, new Uint8Array(4), []);
const OBJECTS = [20, 24, 32, 72];

const ABSENT: Readonly<Record<number, string>> = {
  20: 'EADDRNOTAVAIL',
  24: 'ESRCH',
  32: 'ENOENT',
  72: 'ESRCH',
};

/** Addresses, routes, rules and labels as a kernel keeps them, in text such as `ip` prints. */
export class FakeKernel {
  readonly libc = new FakeLibc();
  /** Indexes of interfaces. */
  readonly interfaces: Set<number>;
  /** The requests that are refused, and with what. */
  refuse: (what: string) => string | null = () => null;
  /** Those of its addresses that are deprecated. */
  readonly deprecated = new Set<string>();
  readonly #objects = new Map<string, Uint8Array>();
  readonly #own: number;

  constructor(index: number) {
    this.#own = index;
    this.interfaces = new Set([index]);
    this.libc.onIoctl = (request, argument) => {
      const view = new DataView(argument.buffer);
      if (request === SIOCGIFINDEX) view.setInt32(16, this.#own, LE);
      if (request !== SIOCGIFNAME) return null;
      return this.interfaces.has(view.getInt32(16, LE)) ? null : 'ENODEV';
    };
    this.libc.onRequest = (message) => this.#handle(message);
  }

  /** What it has, in the order in which it was added. */
  get objects(): string[] {
    return [...this.#objects.keys()];
  }

  /** Adds what a request would add. */
  add(message: Uint8Array): void {
    this.#objects.set(describe(message), message.slice());
  }

  #handle(message: Uint8Array): readonly Uint8Array[] | string | null {
    const type = viewOf(message).getUint16(4, LE);
    const kind = OBJECTS.find((each) => type >= each && type <= each + 2)!;
    if (type === kind + 2) return this.#dump(kind);
    const isAdded = type === kind;
    const what = describe(withType(message, kind));
    if (isAdded && (viewOf(message).getUint16(6, LE) & NLM_F_REPLACE) !== 0) {
      return this.#prefer(what, message);
    }
    const refusal = this.refuse(`${isAdded ? 'add' : 'remove'} ${what}`);
    if (refusal !== null) return refusal;
    if (this.#objects.has(what) === isAdded) return isAdded ? 'EEXIST' : ABSENT[kind]!;
    if (isAdded) this.add(message);
    else this.#objects.delete(what);
    return null;
  }

  /** The preferred lifetime of an address is given anew. */
  #prefer(what: string, message: Uint8Array): string | null {
    if (!this.#objects.has(what)) return 'ENOENT';
    const [read] = readMessages(viewOf(message), message.length);
    const lifetimes = readAttributes(read!, 8).get(IFA_CACHEINFO)!;
    const [preferred, valid] = [lifetimes.getUint32(0), lifetimes.getUint32(4)];
    if (valid !== 0xffff_ffff) return 'EINVAL';
    if (preferred === 0) this.deprecated.add(what);
    else this.deprecated.delete(what);
    return null;
  }

  #dump(kind: number): Uint8Array[] {
    const all = [...this.#objects.values()].filter(
      (each) => viewOf(each).getUint16(4, LE) === kind,
    );
    return [...all.map((each) => withSequence(each, 0)), DONE];
  }
}

function withType(message: Uint8Array, type: number): Uint8Array {
  const copy = message.slice();
  viewOf(copy).setUint16(4, type, LE);
  return copy;
}

function withSequence(message: Uint8Array, sequence: number): Uint8Array {
  const copy = message.slice();
  viewOf(copy).setUint32(8, sequence, LE);
  return copy;
}

/** The source of a route, which is not read from what the kernel reports. */
function sourceIn(message: Uint8Array): string {
  const [read] = readMessages(viewOf(message), message.length);
  const source = readAttributes(read!, 12).get(7);
  return source === undefined ? '' : ` src ${addressIn(source)}`;
}

function addressIn(value: DataView): string {
  return formatIPv6(new Uint8Array(value.buffer, value.byteOffset, 16));
}

function describe(message: Uint8Array): string {
  const [read] = readMessages(viewOf(message), message.length);
  if (read!.type === 20) {
    const length = message[read!.body + 1];
    const index = read!.view.getUint32(read!.body + 4, LE);
    return `address ${addressIn(readAttributes(read!, 8).get(1)!)}/${length} dev ${index}`;
  }
  const table = (number: number): string => (number === 254 ? 'main' : number.toString(16));
  const route = readRoute(read!);
  if (route !== null) {
    const { destination, metric, interfaceIndex } = route;
    const where = `dev ${interfaceIndex} table ${table(route.table)} metric ${metric}`;
    return `route ${formatPrefix(destination)} ${where}${sourceIn(message)}`;
  }
  const rule = readRule(read!);
  if (rule !== null) {
    const from = rule.from === null ? 'all' : formatPrefix(rule.from);
    return `rule ${rule.priority} from ${from} table ${table(rule.table)}`;
  }
  const label = readLabel(read!);
  return `label ${formatPrefix(label!.prefix)} dev ${label!.interfaceIndex} ${label!.label.toString(16)}`;
}
