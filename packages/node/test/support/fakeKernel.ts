import { endianness } from 'node:os';
import { formatIPv6, formatPrefix } from '@6bed4/codec';
import { readAddress } from '../../src/drivers/kernel/addressMessages.js';
import {
  IFA_CACHEINFO,
  IFF_UP,
  IFLA_CARRIER,
  IFLA_IFNAME,
  IFLA_MTU,
  NLM_F_REPLACE,
  RTM_GETLINK,
  RTM_GETROUTE,
  RTM_NEWLINK,
  RTM_SETLINK,
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
const ACKNOWLEDGED = netlinkMessage(2, 0, new Uint8Array(20), []);
const OBJECTS = [20, 24, 32, 72];

const ABSENT: Readonly<Record<number, string>> = {
  20: 'EADDRNOTAVAIL',
  24: 'ESRCH',
  32: 'ENOENT',
  72: 'ESRCH',
};

/** An interface as a kernel keeps it. */
export interface FakeLink {
  name: string;
  mtu: number;
  isUp: boolean;
}

/** Addresses, routes, rules and labels as a kernel keeps them, in text such as `ip` prints. */
export class FakeKernel {
  readonly libc = new FakeLibc();
  /** Indexes of interfaces. */
  readonly interfaces: Set<number>;
  /** The requests that are refused, and with what. */
  refuse: (what: string) => string | null = () => null;
  /** Those of its addresses that are deprecated. */
  readonly deprecated = new Set<string>();
  /** Those of its addresses that cannot be used: the flag IFA_F_DADFAILED. */
  readonly duplicates = new Set<string>();
  /** The interface; null when it was removed. */
  link: FakeLink | null = { name: 'tun-test', mtu: 1500, isUp: false };
  /** The interface that leads to the rest of the Internet; null for none. */
  nativeDefault: number | null = null;
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

  /** Removes what others would remove: all whose text matches. */
  lose(pattern: RegExp): void {
    for (const what of this.objects) if (pattern.test(what)) this.#objects.delete(what);
  }

  #handle(message: Uint8Array): readonly Uint8Array[] | string | null {
    const type = viewOf(message).getUint16(4, LE);
    if (type === RTM_GETLINK) return this.#reportLink();
    if (type === RTM_SETLINK) return this.#setLink(message);
    const isDump = (viewOf(message).getUint16(6, LE) & 0x300) === 0x300;
    if (type === RTM_GETROUTE && !isDump) return this.#reportNative();
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

  #reportLink(): readonly Uint8Array[] | string {
    if (this.link === null) return 'ENODEV';
    const body = new Uint8Array(16);
    viewOf(body).setInt32(4, this.#own, LE);
    viewOf(body).setUint32(8, this.link.isUp ? IFF_UP : 0, LE);
    const attributes = [
      [IFLA_IFNAME, new TextEncoder().encode(`${this.link.name}\0`)],
      [IFLA_MTU, this.link.mtu],
      [IFLA_CARRIER, Uint8Array.of(1)],
    ] as const;
    return [netlinkMessage(RTM_NEWLINK, 0, body, attributes), ACKNOWLEDGED];
  }

  #setLink(message: Uint8Array): string | null {
    const [read] = readMessages(viewOf(message), message.length);
    const mtu = readAttributes(read!, 16).get(IFLA_MTU)?.getUint32(0, LE);
    const isUp = (viewOf(message).getUint32(24, LE) & IFF_UP) !== 0;
    const refusal = this.refuse(isUp ? 'set up' : `set mtu ${mtu}`);
    if (refusal !== null || this.link === null) return refusal ?? 'ENODEV';
    if (isUp) this.link.isUp = true;
    if (mtu !== undefined) this.link.mtu = mtu;
    return null;
  }

  #reportNative(): readonly Uint8Array[] | string {
    if (this.nativeDefault === null) return 'ENETUNREACH';
    const found = netlinkMessage(24, 0, new Uint8Array(12), [[4, this.nativeDefault]]);
    return [found, ACKNOWLEDGED];
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

  #withFlags(message: Uint8Array): Uint8Array {
    const what = describe(message);
    if (!what.startsWith('address')) return message;
    const copy = message.slice();
    copy[18] = (this.deprecated.has(what) ? 0x20 : 0) | (this.duplicates.has(what) ? 0x08 : 0);
    return copy;
  }

  #dump(kind: number): Uint8Array[] {
    const all = [...this.#objects.values()].filter(
      (each) => viewOf(each).getUint16(4, LE) === kind,
    );
    return [...all.map((each) => withSequence(this.#withFlags(each), 0)), DONE];
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

function describe(message: Uint8Array): string {
  const [read] = readMessages(viewOf(message), message.length);
  if (read!.type === 20) {
    const { address, interfaceIndex } = readAddress(read!)!;
    return `address ${formatIPv6(address.bytes)}/${address.length} dev ${interfaceIndex}`;
  }
  const table = (number: number): string => (number === 254 ? 'main' : number.toString(16));
  const route = readRoute(read!);
  if (route !== null) {
    const { destination, metric, interfaceIndex } = route;
    const where = `dev ${interfaceIndex} table ${table(route.table)} metric ${metric}`;
    return `route ${formatPrefix(destination)} ${where}${route.source === null ? '' : ` src ${formatIPv6(route.source)}`}`;
  }
  const rule = readRule(read!);
  if (rule !== null) {
    const from = rule.from === null ? 'all' : formatPrefix(rule.from);
    return `rule ${rule.priority} from ${from} table ${table(rule.table)}`;
  }
  const label = readLabel(read!);
  return `label ${formatPrefix(label!.prefix)} dev ${label!.interfaceIndex} ${label!.label.toString(16)}`;
}
