/**
 * A run of bits with one meaning; bits are counted from 0, the first of an address.
 *
 * @typedef {object} Field
 * @property {number} from - first bit
 * @property {number} to - bit after the last
 * @property {string} part - what it belongs to: a key of {@link PARTS}
 * @property {string} text - what it says, in words
 */

/** The parts of addresses: the letter that stands for them in the bit map, and their name. */
export const PARTS = {
  network: { letter: 'N', name: 'network' },
  netid: { letter: 'I', name: 'network identifier' },
  router: { letter: 'R', name: 'router, IPv4' },
  prefix: { letter: 'S', name: 'subnet prefix' },
  ipv4: { letter: 'A', name: 'peer, IPv4' },
  port: { letter: 'P', name: 'peer, UDP port' },
  flag: { letter: 'F', name: 'EUI-64 flag' },
  lanip: { letter: 'L', name: 'lanip' },
  iid: { letter: 'L', name: 'interface id' },
  filler: { letter: 'X', name: 'filler' },
  other: { letter: 'O', name: 'other' },
};

const field = (from, to, part, text) => ({ from, to, part, text });

/** Unsigned value of a run of at most 32 bits. */
export function bitsValue(bytes, from, to) {
  let value = 0;
  for (let bit = from; bit < to; bit++) value = value * 2 + bitAt(bytes, bit);
  return value;
}

/** One bit of an address. */
export function bitAt(bytes, bit) {
  return (bytes[bit >> 3] >> (7 - (bit & 7))) & 1;
}

const lowerHalves = {
  draft00: () => [
    field(64, 96, 'ipv4', 'the IPv4 address of the peer'),
    field(96, 112, 'port', 'the UDP port of the peer'),
    field(112, 128, 'iid', 'free for the peer; 0 is the router'),
  ],
  draft01: () => [
    field(64, 70, 'port', 'bits 7 to 2 of the UDP port'),
    field(70, 71, 'port', 'bit 1 of the UDP port, inverted: the universal/local flag of EUI-64'),
    field(71, 72, 'flag', 'individual/group; bit 0 of the port, so that ports are even'),
    field(72, 80, 'port', 'bits 15 to 8 of the UDP port'),
    field(80, 88, 'ipv4', 'the first byte of the IPv4 address'),
    field(88, 104, 'filler', 'ff:fe in every EUI-64 made of 48 bits'),
    field(104, 128, 'ipv4', 'the other bytes of the IPv4 address'),
  ],
  draft03: () => [
    field(64, 70, 'ipv4', 'the first 6 bits of the IPv4 address'),
    field(70, 71, 'flag', 'universal/local: 0, else nothing may be read here'),
    field(71, 72, 'flag', 'individual/group: 0, else nothing may be read here'),
    field(72, 96, 'ipv4', 'the last 24 bits of the IPv4 address'),
    field(96, 112, 'port', 'the UDP port of the peer'),
    field(112, 114, 'ipv4', 'bits 6 and 7 of the IPv4 address, where the flags are above'),
    field(114, 128, 'lanip', 'free for the peer; 0 is the router'),
  ],
};

/** The link-scoped form of draft-03 §3. */
const linkScoped = () => [
  field(64, 80, 'other', 'zero in the link-scoped form'),
  field(80, 112, 'ipv4', 'the IPv4 address of the peer'),
  field(112, 128, 'port', 'the UDP port of the peer'),
];

/** Kinds of addresses that are laid out by other standards. */
const foreign = {
  '6to4': () => [
    field(0, 16, 'network', '2002, the prefix of 6to4'),
    field(16, 48, 'router', 'the IPv4 address of the 6to4 router'),
    field(48, 64, 'prefix', 'the subnet of the site'),
  ],
  teredo: () => [
    field(0, 32, 'network', '2001:0, the prefix of Teredo'),
    field(32, 64, 'router', 'the IPv4 address of the Teredo server'),
    field(64, 80, 'other', 'flags'),
    field(80, 96, 'port', 'the UDP port of the client, inverted'),
    field(96, 128, 'ipv4', 'the IPv4 address of the client, inverted'),
  ],
  'ipv4-mapped': () => [
    field(0, 96, 'network', '::ffff, which says that an IPv4 address follows'),
    field(96, 128, 'ipv4', 'an IPv4 address'),
  ],
};

function upperHalf(kind, prefix) {
  if (kind === 'link-local') return [field(0, 64, 'prefix', 'fe80, and zero: this link only')];
  if (prefix === undefined)
    return [field(0, 64, 'prefix', 'the /64 of the network; names no router')];
  const router = field(32, 64, 'router', 'the IPv4 address of the router');
  if (prefix.length === 32) return [field(0, 32, 'network', 'a 6bed4 prefix'), router];
  return [
    field(0, prefix.length, 'network', 'a 6bed4 prefix'),
    field(prefix.length, 32, 'netid', 'chosen by the router, to tell networks apart'),
    router,
  ];
}

/**
 * The fields of an address as the nodes of a profile read it, from the first bit to the last.
 *
 * @param kind - what `classify` of the codec says
 * @param prefix - the 6bed4 prefix that the address is under, if any
 * @returns {Field[]}
 */
export function fieldsOf(profile, kind, prefix) {
  const alien = foreign[kind]?.();
  if (alien !== undefined && alien.at(-1).to === 128) return alien;
  if (kind === 'multicast' || kind === 'unspecified' || kind === 'loopback') {
    return [field(0, 128, 'other', `a ${kind} address, which encodes no endpoint`)];
  }
  const isLinkScoped = kind === 'link-local' && profile.layout.name === 'draft03';
  const lower = isLinkScoped ? linkScoped() : lowerHalves[profile.layout.name]();
  return [...(alien ?? upperHalf(kind, prefix)), ...lower];
}
