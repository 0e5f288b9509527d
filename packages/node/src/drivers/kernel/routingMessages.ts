import type { Prefix } from '@6bed4/codec';
import {
  AF_INET6,
  FR_ACT_TO_TBL,
  FRA_PRIORITY,
  FRA_SRC,
  FRA_TABLE,
  IFAL_ADDRESS,
  IFAL_LABEL,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REQUEST,
  RTA_DST,
  RTA_OIF,
  RTA_PREFSRC,
  RTA_PRIORITY,
  RTA_TABLE,
  RTM_DELADDRLABEL,
  RTM_DELROUTE,
  RTM_DELRULE,
  RTM_GETROUTE,
  RTM_NEWADDRLABEL,
  RTM_NEWROUTE,
  RTM_NEWRULE,
  RTN_UNICAST,
  RTPROT_STATIC,
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
 * struct rtmsg (rtnetlink(7))      struct fib_rule_hdr             struct ifaddrlblmsg
 *                                  (linux/fib_rules.h)             (linux/if_addrlabel.h)
 *   0   family                       0   family                      0   family
 *   1   length of destination        1   length of destination       1   reserved
 *   2   length of source             2   length of source            2   length of the prefix
 *   3   TOS                          3   TOS                         3   flags
 *   4   table                        4   table                       4   interface index (32 bits)
 *   5   protocol                     5   reserved                    8   sequence number (32 bits)
 *   6   scope                        6   reserved
 *   7   type                         7   action
 *   8   flags (32 bits)              8   flags (32 bits)
 */
const BODY_SIZE = 12;
const DESTINATION_LENGTH = 1;
const SOURCE_LENGTH = 2;
const TABLE = 4;
const ROUTE_PROTOCOL = 5;
const ROUTE_TYPE = 7;
const RULE_ACTION = 7;
const LABEL_LENGTH = 2;
const LABEL_INDEX = 4;

const ADDRESS_SIZE = 16;

/** Tables up to here have room in the body; further ones are an attribute. */
const HIGHEST_TABLE_IN_BODY = 255;

/** What to do with an address, route, rule or label. */
export type Change = 'add' | 'remove';

/** A route through an interface. */
export interface Route {
  readonly destination: Prefix;
  /** Number of the routing table. */
  readonly table: number;
  readonly metric: number;
  /** The address that packets of programs without one get, 16 bytes, or null. */
  readonly source: Uint8Array | null;
  readonly interfaceIndex: number;
}

/** A rule of policy routing, which says when a table is looked up. */
export interface Rule {
  /** Sources of the packets that it is about; null for all. */
  readonly from: Prefix | null;
  /** Rules are tried in the order of this number. */
  readonly priority: number;
  readonly table: number;
}

/** An address label: it ties destinations to sources of the same label (RFC 6724 §2.1). */
export interface AddressLabel {
  readonly prefix: Prefix;
  /** The interface whose addresses, and destinations through which, have it. */
  readonly interfaceIndex: number;
  readonly label: number;
}

/** Makes RTM_NEWROUTE or RTM_DELROUTE, which also has to name all of these. */
export function routeMessage(change: Change, route: Route): Uint8Array {
  const { destination, table, metric, source, interfaceIndex } = route;
  const body = familyBody();
  body[DESTINATION_LENGTH] = destination.length;
  body[ROUTE_PROTOCOL] = RTPROT_STATIC;
  body[ROUTE_TYPE] = RTN_UNICAST;
  const attributes: Attribute[] = [
    [RTA_DST, destination.bytes],
    [RTA_PRIORITY, metric],
    ...tableAttribute(body, RTA_TABLE, table),
    ...(source === null ? [] : [[RTA_PREFSRC, source] as const]),
    [RTA_OIF, interfaceIndex],
  ];
  // Without NLM_F_EXCL, which would refuse what another interface has a route to.
  return changeMessage(change, [RTM_NEWROUTE, RTM_DELROUTE], NLM_F_CREATE, body, attributes);
}

/** Makes RTM_NEWRULE or RTM_DELRULE. */
export function ruleMessage(change: Change, rule: Rule): Uint8Array {
  const { from, priority, table } = rule;
  const body = familyBody();
  body[SOURCE_LENGTH] = from?.length ?? 0;
  body[RULE_ACTION] = FR_ACT_TO_TBL;
  const attributes: Attribute[] = [
    ...(from === null ? [] : [[FRA_SRC, from.bytes] as const]),
    [FRA_PRIORITY, priority],
    ...tableAttribute(body, FRA_TABLE, table),
  ];
  const flags = NLM_F_CREATE | NLM_F_EXCL;
  return changeMessage(change, [RTM_NEWRULE, RTM_DELRULE], flags, body, attributes);
}

/** Makes RTM_NEWADDRLABEL or RTM_DELADDRLABEL. */
export function labelMessage(change: Change, label: AddressLabel): Uint8Array {
  const body = familyBody();
  body[LABEL_LENGTH] = label.prefix.length;
  viewOf(body).setUint32(LABEL_INDEX, label.interfaceIndex, LITTLE_ENDIAN);
  const attributes: Attribute[] = [
    [IFAL_LABEL, label.label],
    [IFAL_ADDRESS, label.prefix.bytes],
  ];
  const flags = NLM_F_CREATE | NLM_F_EXCL;
  return changeMessage(change, [RTM_NEWADDRLABEL, RTM_DELADDRLABEL], flags, body, attributes);
}

/** Makes a request for all IPv6 objects of a kind, such as RTM_GETRULE for all rules. */
export function dumpMessage(type: number): Uint8Array {
  return netlinkMessage(type, NLM_F_REQUEST | NLM_F_DUMP, familyBody(), []);
}

/**
 * Makes a request for all IPv6 routes through an interface. Kernels without NETLINK_GET_STRICT_CHK (Linux 4.20)
 * report all others too.
 */
export function routesMessage(interfaceIndex: number): Uint8Array {
  const flags = NLM_F_REQUEST | NLM_F_DUMP;
  return netlinkMessage(RTM_GETROUTE, flags, familyBody(), [[RTA_OIF, interfaceIndex]]);
}

/**
 * Makes a request for all IPv6 routes that lead somewhere. Kernels without NETLINK_GET_STRICT_CHK report those that
 * refuse packets too.
 */
export function unicastRoutesMessage(): Uint8Array {
  const body = familyBody();
  body[ROUTE_TYPE] = RTN_UNICAST;
  return netlinkMessage(RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP, body, []);
}

/** Makes RTM_GETROUTE, which asks which route packets to an IPv6 address take. */
export function lookupMessage(destination: Uint8Array): Uint8Array {
  const body = familyBody();
  body[DESTINATION_LENGTH] = 128;
  return netlinkMessage(RTM_GETROUTE, NLM_F_REQUEST | NLM_F_ACK, body, [[RTA_DST, destination]]);
}

/**
 * Reads a route that there is, or that there was (RTM_DELROUTE); null for one that does not lead through an interface
 * alone, or is something else.
 */
export function readRoute(message: NetlinkMessage): Route | null {
  const { type } = message;
  if ((type !== RTM_NEWROUTE && type !== RTM_DELROUTE) || !hasBody(message)) return null;
  const attributes = readAttributes(message, BODY_SIZE);
  const interfaceIndex = readNumber(attributes.get(RTA_OIF));
  if (interfaceIndex === null) return null;
  return {
    destination: readPrefix(message, DESTINATION_LENGTH, attributes.get(RTA_DST)),
    table: readTable(message, attributes.get(RTA_TABLE)),
    metric: readNumber(attributes.get(RTA_PRIORITY)) ?? 0,
    source: addressIn(attributes.get(RTA_PREFSRC)),
    interfaceIndex,
  };
}

/** A route that leads somewhere, by one interface or by several. */
export interface UnicastRoute {
  readonly destination: Prefix;
  /** Null where it leads through several. */
  readonly interfaceIndex: number | null;
}

/** Reads a route that there is; null for one that refuses packets or is for this computer, and for anything else. */
export function readUnicastRoute(message: NetlinkMessage): UnicastRoute | null {
  if (message.type !== RTM_NEWROUTE || !hasBody(message)) return null;
  if (message.view.getUint8(message.body + ROUTE_TYPE) !== RTN_UNICAST) return null;
  const attributes = readAttributes(message, BODY_SIZE);
  return {
    destination: readPrefix(message, DESTINATION_LENGTH, attributes.get(RTA_DST)),
    interfaceIndex: readNumber(attributes.get(RTA_OIF)),
  };
}

/** Reads a rule that looks up a table; null for anything else. */
export function readRule(message: NetlinkMessage): Rule | null {
  if (message.type !== RTM_NEWRULE || !hasBody(message)) return null;
  if (message.view.getUint8(message.body + RULE_ACTION) !== FR_ACT_TO_TBL) return null;
  const attributes = readAttributes(message, BODY_SIZE);
  const source = attributes.get(FRA_SRC);
  return {
    from: source === undefined ? null : readPrefix(message, SOURCE_LENGTH, source),
    priority: readNumber(attributes.get(FRA_PRIORITY)) ?? 0,
    table: readTable(message, attributes.get(FRA_TABLE)),
  };
}

/** Reads an address label; null for anything else. */
export function readLabel(message: NetlinkMessage): AddressLabel | null {
  if (message.type !== RTM_NEWADDRLABEL || !hasBody(message)) return null;
  const attributes = readAttributes(message, BODY_SIZE);
  const label = readNumber(attributes.get(IFAL_LABEL));
  if (label === null) return null;
  return {
    prefix: readPrefix(message, LABEL_LENGTH, attributes.get(IFAL_ADDRESS)),
    interfaceIndex: message.view.getUint32(message.body + LABEL_INDEX, LITTLE_ENDIAN),
    label,
  };
}

/** A body of zeroes of IPv6, of that many bytes. */
export function familyBody(size = BODY_SIZE): Uint8Array {
  const body = new Uint8Array(size);
  body[0] = AF_INET6;
  return body;
}

/** Makes a request to add or to remove; `flags` are those of the former. */
export function changeMessage(
  change: Change,
  [added, removed]: readonly [number, number],
  flags: number,
  body: Uint8Array,
  attributes: readonly Attribute[],
): Uint8Array {
  const common = NLM_F_REQUEST | NLM_F_ACK;
  return change === 'add'
    ? netlinkMessage(added, common | flags, body, attributes)
    : netlinkMessage(removed, common, body, attributes);
}

/** Names a table in the body, or by the attribute that is returned. */
function tableAttribute(body: Uint8Array, type: number, table: number): Attribute[] {
  if (table > HIGHEST_TABLE_IN_BODY) return [[type, table]];
  body[TABLE] = table;
  return [];
}

/** Whether a message has a body of that many bytes. */
export function hasBody({ body, end }: NetlinkMessage, size = BODY_SIZE): boolean {
  return end - body >= size;
}

function readTable({ view, body }: NetlinkMessage, attribute: DataView | undefined): number {
  return readNumber(attribute) ?? view.getUint8(body + TABLE);
}

/** Reads an address from an attribute, all zeroes without one, and its length from the body. */
export function readPrefix(
  { view, body }: NetlinkMessage,
  lengthAt: number,
  address: DataView | undefined,
): Prefix {
  const length = view.getUint8(body + lengthAt);
  return { bytes: addressIn(address) ?? new Uint8Array(ADDRESS_SIZE), length };
}

function addressIn(value: DataView | undefined): Uint8Array | null {
  if (value?.byteLength !== ADDRESS_SIZE) return null;
  return new Uint8Array(value.buffer, value.byteOffset, ADDRESS_SIZE).slice();
}
