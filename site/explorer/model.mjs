import {
  classify,
  completePrefix,
  decodeAddress,
  draft00Profile,
  draft01Profile,
  draft02Profile,
  draft04Profile,
  encodeAddress,
  formatEndpoint,
  formatIPv4,
  formatIPv6,
  formatPrefix,
  InvalidArgumentError,
  isIPv4Loopback,
  isIPv4Multicast,
  isIPv4Private,
  isIPv4Reserved,
  isIPv4ThisNetwork,
  parseIPv4,
  parseIPv6,
  parsePrefix,
  prefixContains,
  reference2020,
} from '@6bed4/codec';
import { bitsValue, fieldsOf } from './fields.mjs';

/** The profiles that addresses are read with; the one in use comes first. */
export const PROFILES = {
  draft03: { profile: reference2020, name: 'draft-03 (2020 reference)' },
  draft04: { profile: draft04Profile, name: 'draft-04' },
  draft02: { profile: draft02Profile, name: 'draft-02' },
  draft01: { profile: draft01Profile, name: 'draft-01' },
  draft00: { profile: draft00Profile, name: 'draft-00' },
};

const FILLER = 0xfffe;
const KINDS_WITHOUT_PEER = ['multicast', 'unspecified', 'loopback', 'teredo', 'ipv4-mapped'];

/** Why no peer can have an IPv4 address, or null. */
function objectionToIPv4(address) {
  if (isIPv4ThisNetwork(address)) return 'lies in 0.0.0.0/8, which nobody has';
  if (isIPv4Multicast(address)) return 'is a multicast address, which no peer has';
  return null;
}

/** What is odd about an IPv4 address, or null. */
function remarkOnIPv4(address) {
  if (isIPv4Loopback(address)) return 'is a loopback address, reached only on the same machine';
  if (isIPv4Reserved(address)) return 'is reserved, and not used on the Internet';
  if (isIPv4Private(address)) return 'is private, reached only inside its own network';
  return null;
}

/** The endpoint in the link-scoped form of draft-03 §3, or null. */
function linkScopedPeer(bytes) {
  const [ipv4, port] = [bitsValue(bytes, 80, 112), bitsValue(bytes, 112, 128)];
  const isZero = bytes.subarray(2, 10).every((byte) => byte === 0);
  return isZero && ipv4 !== 0 && port !== 0 ? { address: formatIPv4(ipv4), port } : null;
}

/** The reasons against an address in a profile, in words. */
function objectionsTo(profile, bytes, { kind, opaque, peer }) {
  const { layout, prefixes } = profile;
  const reasons = [];
  if (KINDS_WITHOUT_PEER.includes(kind)) return [`it is a ${kind} address`];
  if ((kind === 'native' || kind === '6to4') && prefixes.length > 0) {
    reasons.push(`its prefix is none of ${prefixes.map(formatPrefix).join(', ')}`);
  }
  const isLinkScoped = kind === 'link-local' && layout.name === 'draft03';
  if (!isLinkScoped && opaque) {
    reasons.push(
      layout.evenPorts
        ? 'its UDP port is odd, which sets the group flag (bit 71)'
        : 'a flag is set (bits 70 and 71), so that no endpoint may be read',
    );
  }
  if (layout.name === 'draft01' && bitsValue(bytes, 88, 104) !== FILLER) {
    reasons.push('bits 88 to 103 are not ff:fe');
  }
  const objection = peer === null ? null : objectionToIPv4(parseIPv4(peer.address));
  if (objection !== null) reasons.push(`its IPv4 address ${peer.address} ${objection}`);
  if (!opaque && peer === null) reasons.push('its IPv4 address or UDP port is zero');
  return reasons;
}

/**
 * Reads an address with one profile.
 *
 * @returns what the codec says of it (`decoded`), with the fields and what speaks against it
 */
export function readWith(key, bytes) {
  const { profile, name } = PROFILES[key];
  const decoded = decodeAddress(bytes, { profile });
  const kind = classify(bytes, 0, profile);
  const prefix = profile.prefixes.find((candidate) => prefixContains(candidate, bytes, 0));
  const isLinkScoped = kind === 'link-local' && profile.layout.name === 'draft03';
  const nothing = KINDS_WITHOUT_PEER.includes(kind);
  const peer = nothing ? null : isLinkScoped ? linkScopedPeer(bytes) : decoded.peer;
  const objections = objectionsTo(profile, bytes, { ...decoded, kind, peer });
  const surest = kind === '6bed4' ? 'fits' : 'possible';
  const remarks = [];
  for (const [role, endpoint] of [
    ['peer', peer],
    ['router', decoded.router],
  ]) {
    const remark = endpoint === null ? null : remarkOnIPv4(parseIPv4(endpoint.address));
    if (remark !== null) remarks.push(`the ${role} ${endpoint.address} ${remark}`);
  }
  if (decoded.invitation)
    remarks.push(
      'it is an invitation: the peer is its own router, so it is always reached directly',
    );
  if (peer !== null && decoded.lanip === 0 && !isLinkScoped)
    remarks.push(
      `${profile.layout.name === 'draft00' ? 'interface id' : 'lanip'} 0 names the router, not a host`,
    );
  return {
    key,
    name,
    profile,
    kind,
    decoded,
    peer,
    verdict: objections.length === 0 ? surest : 'no',
    objections,
    remarks,
    lanip: nothing || isLinkScoped ? null : decoded.lanip,
    fields: fieldsOf(profile, kind, prefix),
    linkLayer: peer === null ? null : linkLayerOf(profile.layout, peer),
    linkLocal: peer === null ? null : linkLocalOf(profile.layout, peer),
  };
}

function linkLayerOf(layout, { address, port }) {
  const bytes = new Uint8Array(6);
  layout.writeLinkLayer(bytes, 0, parseIPv4(address), port);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

function linkLocalOf(layout, { address, port }) {
  const bytes = new Uint8Array(16);
  layout.writeLinkLocal(bytes, 0, parseIPv4(address), port);
  return formatIPv6(bytes);
}

/** Reads an address with every profile. */
export function readAddress(text) {
  const bytes = parseIPv6(text.trim());
  const readings = Object.keys(PROFILES).map((key) => readWith(key, bytes));
  return { bytes, text: formatIPv6(bytes), readings };
}

/** The name of what an endpoint is, such as `198.51.100.2:58526`, or `none`. */
export function endpointText(endpoint) {
  return endpoint === null ? 'none' : formatEndpoint(endpoint);
}

/**
 * Makes an address from what a form holds; a prefix shorter than /64 is completed with the IPv4 address of
 * the router.
 *
 * @throws InvalidArgumentError that names the field
 */
export function makeAddress({ dialect, prefix, router, peer, lanip }) {
  const { profile } = PROFILES[dialect] ?? PROFILES.draft03;
  const given = parsePrefix(prefix.trim());
  const complete =
    given.length === 64
      ? given
      : completePrefix(given, { netid: profile.defaultNetid, router: router.trim() });
  const number = lanip.trim();
  if (number !== '' && !/^\d{1,5}$/.test(number)) {
    throw new InvalidArgumentError(
      'lanip',
      JSON.stringify(number),
      `an integer from 0 to ${profile.layout.maxLanip}`,
    );
  }
  return encodeAddress(
    {
      prefix: formatPrefix(complete),
      peer: peer.trim(),
      ...(number === '' ? {} : { lanip: Number(number) }),
    },
    { profile },
  );
}

/** What is wrong with a text that is no IPv6 address, in words. */
export function explainMistake(text) {
  const address = text.trim();
  if (address === '') return 'Nothing was entered.';
  if (/^\d+\.\d+\.\d+\.\d+(:\d+)?$/.test(address)) {
    return 'This is an IPv4 address; make an IPv6 address of it below.';
  }
  if (address.includes('%')) return 'Leave out the zone: what begins with %.';
  if (address.includes('/')) return 'Leave out the length of the prefix: what begins with /.';
  if (/[[\]]/.test(address)) return 'Leave out the brackets, and a port after them.';
  const odd = /[^0-9a-f:.]/i.exec(address);
  if (odd !== null) return `The character ${JSON.stringify(odd[0])} is in no IPv6 address.`;
  if (address.includes(':::') || address.split('::').length > 2)
    return 'There may be one "::" only.';
  const groups = address.split(':').filter((group) => group !== '');
  const long = groups.find((group) => group.length > 4 && !group.includes('.'));
  if (long !== undefined) return `The group "${long}" has more than four digits.`;
  if (address.includes('::')) return 'Next to "::" there are at most seven groups of four digits.';
  return `There are ${groups.length} groups, and no "::" to stand for the others: eight are needed.`;
}
