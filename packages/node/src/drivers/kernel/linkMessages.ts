import {
  IFF_RUNNING,
  IFF_UP,
  IFLA_CARRIER,
  IFLA_GSO_MAX_SEGS,
  IFLA_IFNAME,
  IFLA_MTU,
  IFLA_TXQLEN,
  NLM_F_ACK,
  NLM_F_REQUEST,
  RTM_DELLINK,
  RTM_GETLINK,
  RTM_NEWLINK,
  RTM_SETLINK,
} from './constants.js';
import { LITTLE_ENDIAN, viewOf } from './native.js';
import {
  type Attribute,
  type NetlinkMessage,
  netlinkMessage,
  readAttributes,
  readNumber,
} from './netlinkMessages.js';

/*
 * struct ifinfomsg (rtnetlink(7))
 *
 *   0   family (8 bits), padding
 *   2   kind of hardware (16 bits)
 *   4   interface index (32 bits)
 *   8   flags (32 bits)
 *   12  which flags are changed (32 bits)
 */
const BODY_SIZE = 16;
const INDEX = 4;
const FLAGS = 8;
const CHANGED_FLAGS = 12;
const CONNECTED = IFF_UP | IFF_RUNNING;

/** What the kernel says about an interface. */
export interface Link {
  readonly index: number;
  readonly name: string;
  /** MTU, in bytes. */
  readonly mtu: number;
  /** IFF_UP */
  readonly isUp: boolean;
  /** Of a TUN interface: whether a process has attached to it. */
  readonly hasCarrier: boolean;
}

/** Makes RTM_GETLINK about the interface of this index, or this name. */
export function getLinkMessage(which: number | string): Uint8Array {
  const isNamed = typeof which === 'string';
  return netlinkMessage(
    RTM_GETLINK,
    NLM_F_REQUEST | NLM_F_ACK,
    linkBody(isNamed ? 0 : which),
    isNamed ? [nameAttribute(which)] : [],
  );
}

/** Makes RTM_SETLINK, which gives an interface an MTU, in bytes. */
export function mtuMessage(index: number, mtu: number): Uint8Array {
  const flags = NLM_F_REQUEST | NLM_F_ACK;
  return netlinkMessage(RTM_SETLINK, flags, linkBody(index), [[IFLA_MTU, mtu]]);
}

/** Makes RTM_SETLINK, which limits the segments of the packets that an interface gets before segmentation (GSO). */
export function segmentLimitMessage(name: string, segments: number): Uint8Array {
  return setLinkMessage(name, [IFLA_GSO_MAX_SEGS, segments]);
}

/** Makes RTM_SETLINK, which gives the queue of an interface room for so many packets before segmentation. */
export function queueLengthMessage(name: string, packets: number): Uint8Array {
  return setLinkMessage(name, [IFLA_TXQLEN, packets]);
}

/** Makes RTM_SETLINK, which sets IFF_UP of an interface. */
export function bringUpMessage(index: number): Uint8Array {
  const body = linkBody(index);
  viewOf(body).setUint32(FLAGS, IFF_UP, LITTLE_ENDIAN);
  viewOf(body).setUint32(CHANGED_FLAGS, IFF_UP, LITTLE_ENDIAN);
  return netlinkMessage(RTM_SETLINK, NLM_F_REQUEST | NLM_F_ACK, body, []);
}

/** The index of the interface that a message of rtnetlink(7) about links is about; null for any other. */
export function linkIndexIn({ view, type, body, end }: NetlinkMessage): number | null {
  if (type < RTM_NEWLINK || type > RTM_SETLINK || end - body < BODY_SIZE) return null;
  return view.getInt32(body + INDEX, LITTLE_ENDIAN);
}

/** Reads RTM_NEWLINK; null for anything else. */
export function readLink(message: NetlinkMessage): Link | null {
  const index = linkIndexIn(message);
  if (index === null || message.type !== RTM_NEWLINK) return null;
  const attributes = readAttributes(message, BODY_SIZE);
  return {
    index,
    name: textIn(attributes.get(IFLA_IFNAME)),
    mtu: readNumber(attributes.get(IFLA_MTU)) ?? 0,
    isUp: (message.view.getUint32(message.body + FLAGS, LITTLE_ENDIAN) & IFF_UP) !== 0,
    hasCarrier: attributes.get(IFLA_CARRIER)?.getUint8(0) === 1,
  };
}

/**
 * Reads whether an interface is up and connected to something, which it is not when it was removed; null for
 * anything else.
 */
export function readConnection(
  message: NetlinkMessage,
): { index: number; isConnected: boolean } | null {
  const { type, view, body } = message;
  const index = linkIndexIn(message);
  if (index === null || (type !== RTM_NEWLINK && type !== RTM_DELLINK)) return null;
  const flags = view.getUint32(body + FLAGS, LITTLE_ENDIAN);
  return { index, isConnected: type === RTM_NEWLINK && (flags & CONNECTED) === CONNECTED };
}

function setLinkMessage(name: string, attribute: Attribute): Uint8Array {
  const flags = NLM_F_REQUEST | NLM_F_ACK;
  return netlinkMessage(RTM_SETLINK, flags, linkBody(0), [nameAttribute(name), attribute]);
}

/** IFLA_IFNAME, which takes the place of an index of 0. */
function nameAttribute(name: string): Attribute {
  return [IFLA_IFNAME, new TextEncoder().encode(`${name}\0`)];
}

function linkBody(index: number): Uint8Array {
  const body = new Uint8Array(BODY_SIZE);
  viewOf(body).setInt32(INDEX, index, LITTLE_ENDIAN);
  return body;
}

/** The characters up to the null character. */
function textIn(value: DataView | undefined): string {
  if (value === undefined) return '';
  const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return Buffer.from(bytes).toString('latin1').replace(/\0.*$/s, '');
}
