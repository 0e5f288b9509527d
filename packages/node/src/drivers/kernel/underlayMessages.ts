import { type Endpoint, parseIPv4 } from '@6bed4/codec';
import {
  AF_INET,
  NLM_F_ACK,
  NLM_F_REQUEST,
  RTA_DST,
  RTA_GATEWAY,
  RTA_OIF,
  RTA_PREFSRC,
  RTA_SRC,
  RTM_DELADDR,
  RTM_DELROUTE,
  RTM_GETROUTE,
  RTM_NEWROUTE,
} from './constants.js';
import { LITTLE_ENDIAN, viewOf } from './native.js';
import {
  type Attribute,
  type NetlinkMessage,
  netlinkMessage,
  readAttributes,
  readNumber,
} from './netlinkMessages.js';
import { hasBody } from './routingMessages.js';

/*
 * struct rtmsg and struct ifaddrmsg (rtnetlink(7)): the first has the lengths of destination and source at 1 and
 * 2, the other the interface index at 4.
 */
const ROUTE_BODY_SIZE = 12;
const DESTINATION_LENGTH = 1;
const SOURCE_LENGTH = 2;
const ADDRESS_BODY_SIZE = 8;
const INDEX = 4;
const IPV4_BITS = 32;

/** The way of IPv4 packets to a destination. */
export interface Way {
  readonly interfaceIndex: number;
  /** The same for the same interface, next hop and source address. */
  readonly text: string;
}

/**
 * Makes RTM_GETROUTE, which asks for the route to an IPv4 address.
 *
 * @param from - the local address that is used; 0.0.0.0 leaves it to the system
 */
export function wayMessage(to: Endpoint, from: string): Uint8Array {
  const body = new Uint8Array(ROUTE_BODY_SIZE);
  body[0] = AF_INET;
  body[DESTINATION_LENGTH] = IPV4_BITS;
  const attributes: Attribute[] = [[RTA_DST, ipv4Bytes(to.address)]];
  if (from !== '0.0.0.0') {
    body[SOURCE_LENGTH] = IPV4_BITS;
    attributes.push([RTA_SRC, ipv4Bytes(from)]);
  }
  return netlinkMessage(RTM_GETROUTE, NLM_F_REQUEST | NLM_F_ACK, body, attributes);
}

/** Reads the answer to {@link wayMessage}; null for anything else. */
export function readWay(message: NetlinkMessage): Way | null {
  if (message.type !== RTM_NEWROUTE || !hasBody(message, ROUTE_BODY_SIZE)) return null;
  const attributes = readAttributes(message, ROUTE_BODY_SIZE);
  const interfaceIndex = readNumber(attributes.get(RTA_OIF));
  if (interfaceIndex === null) return null;
  const [source, gateway] = [RTA_PREFSRC, RTA_GATEWAY].map((one) =>
    readNumber(attributes.get(one)),
  );
  return { interfaceIndex, text: `${interfaceIndex} ${gateway} ${source}` };
}

/** The interface, by its index, that loses an IPv4 address or route; null for any other event. */
export function readLoss(message: NetlinkMessage): number | null {
  const { view, type, body } = message;
  if (type === RTM_DELADDR && hasBody(message, ADDRESS_BODY_SIZE)) {
    return view.getInt32(body + INDEX, LITTLE_ENDIAN);
  }
  if (type !== RTM_DELROUTE || !hasBody(message, ROUTE_BODY_SIZE)) return null;
  return readNumber(readAttributes(message, ROUTE_BODY_SIZE).get(RTA_OIF));
}

function ipv4Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setInt32(0, parseIPv4(text, 'address'));
  return bytes;
}
