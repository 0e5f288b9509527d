import type { Prefix } from '@6bed4/codec';
import {
  IFA_ADDRESS,
  IFA_CACHEINFO,
  IFA_F_DADFAILED,
  IFA_F_DEPRECATED,
  IFA_F_NODAD,
  IFA_F_STABLE_PRIVACY,
  IFA_F_TENTATIVE,
  IFA_FLAGS,
  IFA_LOCAL,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  NLM_F_REQUEST,
  RTM_DELADDR,
  RTM_GETADDR,
  RTM_NEWADDR,
} from './constants.js';
import { LITTLE_ENDIAN, viewOf } from './native.js';
import {
  type Attribute,
  type NetlinkMessage,
  netlinkMessage,
  readAttributes,
  readNumber,
} from './netlinkMessages.js';
import { type Change, changeMessage, familyBody, hasBody, readPrefix } from './routingMessages.js';

/*
 * struct ifaddrmsg (linux/if_addr.h)
 *
 *   0   family
 *   1   length of the prefix
 *   2   flags
 *   3   scope
 *   4   interface index (32 bits)
 */
const ADDRESS_BODY_SIZE = 8;
const ADDRESS_LENGTH = 1;
const ADDRESS_FLAGS = 2;
const ADDRESS_INDEX = 4;

/*
 * struct ifa_cacheinfo (linux/if_addr.h): four numbers of 32 bits, of which the first two are lifetimes in seconds
 */
const CACHE_INFO_SIZE = 16;
const CACHE_INFO_PREFERRED = 0;
const CACHE_INFO_VALID = 4;
const FOR_EVER = 0xffff_ffff;

/** An address of an interface. */
export interface InterfaceAddress {
  /** The address, which has bits beyond the length of its on-link prefix. */
  readonly address: Prefix;
  readonly interfaceIndex: number;
}

/** What the kernel says about an address of an interface. */
export interface AddressState extends InterfaceAddress {
  /** Whether packets from and to it can be carried: it is neither tentative nor a duplicate (RFC 4862 §5.4). */
  readonly isUsable: boolean;
  /** Whether the kernel has chosen it, as link-local ones are (RFC 7217). */
  readonly isStablePrivate: boolean;
  /** Whether it is used only where no other can be (RFC 4862 §5.5.4). */
  readonly isDeprecated: boolean;
}

/**
 * Makes RTM_NEWADDR or RTM_DELADDR. The address can be used at once: without IFA_F_NODAD, the kernel looks for
 * duplicates some time later, even where there is no Neighbor Discovery.
 */
export function addressMessage(
  change: Change,
  { address, interfaceIndex }: InterfaceAddress,
): Uint8Array {
  const body = addressBody(address.length, interfaceIndex);
  const attributes: Attribute[] = [
    [IFA_LOCAL, address.bytes],
    [IFA_ADDRESS, address.bytes],
  ];
  const flags = NLM_F_CREATE | NLM_F_EXCL;
  return changeMessage(change, [RTM_NEWADDR, RTM_DELADDR], flags, body, attributes);
}

/**
 * Makes RTM_NEWADDR for an address that is there, which is preferred from then on, or deprecated: not used where
 * another one can be (RFC 6724 §5, rule 3).
 */
export function preferenceMessage(
  { address, interfaceIndex }: InterfaceAddress,
  isPreferred: boolean,
): Uint8Array {
  const body = addressBody(address.length, interfaceIndex);
  const lifetimes = new Uint8Array(CACHE_INFO_SIZE);
  if (isPreferred) viewOf(lifetimes).setUint32(CACHE_INFO_PREFERRED, FOR_EVER);
  viewOf(lifetimes).setUint32(CACHE_INFO_VALID, FOR_EVER);
  return netlinkMessage(RTM_NEWADDR, NLM_F_REQUEST | NLM_F_ACK | NLM_F_REPLACE, body, [
    [IFA_LOCAL, address.bytes],
    [IFA_ADDRESS, address.bytes],
    [IFA_CACHEINFO, lifetimes],
  ]);
}

/** Makes a request for all IPv6 addresses of an interface; before Linux 4.20, others are reported too. */
export function addressesMessage(interfaceIndex: number): Uint8Array {
  const body = familyBody(ADDRESS_BODY_SIZE);
  viewOf(body).setUint32(ADDRESS_INDEX, interfaceIndex, LITTLE_ENDIAN);
  return netlinkMessage(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, body, []);
}

/** Reads an IPv6 address that there is, or that there was (RTM_DELADDR); null for anything else. */
export function readAddress(message: NetlinkMessage): AddressState | null {
  const { type, view, body } = message;
  if ((type !== RTM_NEWADDR && type !== RTM_DELADDR) || !hasBody(message, ADDRESS_BODY_SIZE)) {
    return null;
  }
  const attributes = readAttributes(message, ADDRESS_BODY_SIZE);
  // Point-to-point addresses have that of the other end in IFA_ADDRESS.
  const own = attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS);
  // The body has room for 8 flags only.
  const flags = readNumber(attributes.get(IFA_FLAGS)) ?? view.getUint8(body + ADDRESS_FLAGS);
  return {
    address: readPrefix(message, ADDRESS_LENGTH, own),
    interfaceIndex: view.getUint32(body + ADDRESS_INDEX, LITTLE_ENDIAN),
    isUsable: (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) === 0,
    isStablePrivate: (flags & IFA_F_STABLE_PRIVACY) !== 0,
    isDeprecated: (flags & IFA_F_DEPRECATED) !== 0,
  };
}

function addressBody(length: number, interfaceIndex: number): Uint8Array {
  const body = familyBody(ADDRESS_BODY_SIZE);
  body[ADDRESS_LENGTH] = length;
  body[ADDRESS_FLAGS] = IFA_F_NODAD;
  viewOf(body).setUint32(ADDRESS_INDEX, interfaceIndex, LITTLE_ENDIAN);
  return body;
}
