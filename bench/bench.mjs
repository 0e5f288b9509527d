/**
 * Costs of the pure parts, without sockets: nanoseconds and operations a second of each, and the heap
 * that they allocate. Run it with `npm run bench`.
 */
import {
  draft00,
  draft01,
  draft03,
  draft04Profile,
  encodeAddress,
  parseIPv4,
  parseIPv6,
  reference2020,
  UdpEndpoint,
} from '@6bed4/codec';
import {
  buildNd,
  buildUdp,
  parseNd,
  ROUTER_ADVERTISEMENT_DEFAULTS,
  setTrafficClass,
  verifyIcmpv6Checksum,
} from '@6bed4/nd';
import { Peer, Router } from '@6bed4/tunnel';
import Table from 'cli-table3';

const collectGarbage = globalThis.gc;
if (collectGarbage === undefined) {
  console.error('bench: run node with --expose-gc, as `npm run bench` does');
  process.exit(1);
}

const ROUNDS = 7;
const MINIMUM_ROUND_MS = 150;
/** Few enough for their allocations to fit the young generation, so that nothing is collected. */
const ALLOCATION_OPERATIONS = 20_000;
const ALLOCATION_OPERATIONS_OF_BUILDERS = 1_000;
/** Bytes an operation below which a result is noise of the measurement; a boxed number takes 16. */
const LEAST_ALLOCATION = 0.5;
const TARGET_PACKETS_PER_SECOND = 5_000_000;
/** Highest cost of a packet with peering, as a ratio to one without. */
const PEERING_COST = 1.2;
const BYTES_PER_REMOTE = 400;
/** Highest cost of a packet with this many remotes in turn, as a ratio to one with few. */
const MANY_REMOTES = 10_000;
const FEW_REMOTES = 16;
const MANY_REMOTES_COST = 1.5;
const SEEN_FLAG = 0x20;

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Runs `batch(count)` long enough to be timed, several times. @returns nanoseconds an operation */
function time(batch) {
  let count = 1_000;
  for (;;) {
    const start = process.hrtime.bigint();
    batch(count);
    if (Number(process.hrtime.bigint() - start) / 1e6 >= MINIMUM_ROUND_MS) break;
    count *= 2;
  }
  const rounds = Array.from({ length: ROUNDS }, () => {
    const start = process.hrtime.bigint();
    batch(count);
    return Number(process.hrtime.bigint() - start) / count;
  });
  return { typical: median(rounds), best: Math.min(...rounds), worst: Math.max(...rounds) };
}

/** Bytes of heap that an operation allocates, before any collection; the least of a few attempts. */
function allocation(batch, operations) {
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 5; attempt++) {
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    batch(operations);
    const after = process.memoryUsage().heapUsed;
    least = Math.min(least, Math.max(0, after - before) / operations);
  }
  return least;
}

let sink = 0;
const table = new Table({
  head: ['operation', 'ns (median)', 'best–worst', 'million a second', 'heap bytes an operation'],
  colAligns: ['left', 'right', 'right', 'right', 'right'],
  style: { head: [], border: [] },
});
const failures = [];

/** Only operations whose name contains this: `npm run bench -- "peer sends"`. */
const nameFilter = process.argv[2] ?? '';

function measure(name, batch, { mustNotAllocate = false, atLeast = 0 } = {}) {
  if (!name.includes(nameFilter)) return;
  batch(20_000);
  const { typical, best, worst } = time(batch);
  const bytes = allocation(
    batch,
    mustNotAllocate ? ALLOCATION_OPERATIONS : ALLOCATION_OPERATIONS_OF_BUILDERS,
  );
  table.push([
    name,
    typical.toFixed(1),
    `${best.toFixed(1)}–${worst.toFixed(1)}`,
    (1e3 / typical).toFixed(2),
    bytes < LEAST_ALLOCATION ? '0' : bytes.toFixed(1),
  ]);
  if (mustNotAllocate && bytes >= LEAST_ALLOCATION)
    failures.push(`${name}: allocates ${bytes.toFixed(2)} bytes`);
  if (1e9 / typical < atLeast) {
    failures.push(
      `${name}: ${(1e3 / typical).toFixed(2)} million a second, target ${atLeast / 1e6}`,
    );
  }
}

// Codec

const endpoint = new UdpEndpoint();

for (const layout of [draft00, draft01, draft03]) {
  const bytes = parseIPv6('fc64:bed:c633:6401::');
  measure(
    `codec: encode ${layout.name}`,
    (count) => {
      for (let index = 0; index < count; index++) {
        layout.writeEndpoint(bytes, 0, 0xc633_6402, 40_000 + (index & 0xfe), 0);
      }
      sink += bytes[13];
    },
    { mustNotAllocate: true },
  );
  measure(
    `codec: decode ${layout.name}`,
    (count) => {
      for (let index = 0; index < count; index++) {
        bytes[12] = index;
        layout.readEndpoint(bytes, 0, endpoint);
      }
      sink += endpoint.port;
    },
    { mustNotAllocate: true },
  );
}
measure('codec: encode to text', (count) => {
  for (let index = 0; index < count; index++) {
    sink += encodeAddress({
      prefix: 'fc64:bed:c633:6401::/64',
      peer: { address: '198.51.100.2', port: 40_000 },
      lanip: 1,
    }).length;
  }
});

// Neighbor Discovery

const ownAddress = parseIPv6('fc64:bed:c633:6401:c433:6402:9c40:8001');
const remoteAddress = parseIPv6('fc64:bed:c633:6401:c433:6403:9c41:8001');
const solicitation = {
  type: 'neighbor-solicitation',
  source: ownAddress,
  destination: remoteAddress,
  target: remoteAddress,
  options: [{ type: 'nonce', nonce: Uint8Array.of(1, 2, 3, 4, 5, 6) }],
};
const advertisement = {
  ...ROUTER_ADVERTISEMENT_DEFAULTS,
  source: parseIPv6('fe80::'),
  destination: parseIPv6('ff02::1'),
  preference: 'low',
  routerLifetime: 0xffff,
  reachableTime: 0xffff_ffff,
  retransTimer: 0xffff_ffff,
  options: [
    {
      type: 'prefix-information',
      prefixLength: 114,
      onLink: true,
      autonomous: true,
      validLifetime: 0xffff_ffff,
      preferredLifetime: 0xffff_ffff,
      prefix: parseIPv6('fc64:bed:c633:6401:c433:6402:9c40:8000'),
    },
  ],
};
for (const [name, message] of [
  ['NS', solicitation],
  ['RA', advertisement],
]) {
  const bytes = buildNd(message);
  measure(`nd: build ${name}`, (count) => {
    for (let index = 0; index < count; index++) sink += buildNd(message).length;
  });
  measure(`nd: parse and validate ${name}`, (count) => {
    for (let index = 0; index < count; index++) sink += parseNd(bytes, 0, bytes.length).ok ? 1 : 0;
  });
  measure(
    `nd: verify checksum of ${name}`,
    (count) => {
      for (let index = 0; index < count; index++) {
        sink += verifyIcmpv6Checksum(bytes, 0, bytes.length) ? 1 : 0;
      }
    },
    { mustNotAllocate: true },
  );
}

// Tunnel machines

const HOP_LIMIT = 7;
const countingSink = {
  sendDatagram(_bytes, _offset, length, to) {
    sink = (sink + length + to.address + to.port) | 0;
  },
  deliverPacket(_bytes, _offset, length) {
    sink = (sink + length) | 0;
  },
  event() {},
};

const packetOf = (source, destination, size) =>
  buildUdp({
    source,
    destination,
    sourcePort: 5060,
    destinationPort: 5060,
    payload: new Uint8Array(size - 48),
    hopLimit: 255,
  });

const router = new Router({ address: '198.51.100.1', random: Math.random }, countingSink);
const fromAddress = parseIPv4('198.51.100.2');
for (const size of [100, 500, 1280]) {
  const packet = packetOf(ownAddress, remoteAddress, size);
  measure(
    `tunnel: router relays ${size} bytes`,
    (count) => {
      for (let index = 0; index < count; index++) {
        packet[HOP_LIMIT] = 255;
        router.handleDatagram(packet, 0, size, fromAddress, 40_000, index);
      }
    },
    { mustNotAllocate: true, ...(size === 100 ? { atLeast: TARGET_PACKETS_PER_SECOND } : {}) },
  );
}
{
  const spoofed = packetOf(remoteAddress, ownAddress, 100);
  measure(
    'tunnel: router drops a spoofed 100 bytes',
    (count) => {
      for (let index = 0; index < count; index++) {
        // At one fixed time: the correction is sent five times, then withheld.
        router.handleDatagram(spoofed, 0, 100, fromAddress, 40_000, 1e12);
      }
    },
    { mustNotAllocate: true },
  );
}

const leasingRouter = new Router(
  { address: '198.51.100.1', random: Math.random },
  { ...countingSink, sendDatagram: (...datagram) => keep(...datagram) },
);
let kept = null;
function keep(bytes, offset, length) {
  if (length > 0) kept = bytes.slice(offset, offset + length);
}
const routerSolicitation = buildNd({
  type: 'router-solicitation',
  source: parseIPv6('::'),
  destination: parseIPv6('ff02::2'),
  options: [],
});
leasingRouter.handleDatagram(
  routerSolicitation,
  0,
  routerSolicitation.length,
  fromAddress,
  40_000,
  0,
);
const routerAdvertisement = kept;
const routerAddress = parseIPv4('198.51.100.1');
const remoteEndpoint = parseIPv4('198.51.100.3');

/** Lets the router answer the second solicitation: advertisements without nonce answer no other. */
function getLease(peer) {
  peer.start(-1_500);
  peer.handleTimeout(-500);
  peer.handleDatagram(
    routerAdvertisement,
    0,
    routerAdvertisement.length,
    routerAddress,
    25790,
    -500,
  );
  peer.handleTimeout(0);
}

/** A peer with its address. */
function leasedPeer(options = {}) {
  const peer = new Peer(
    { routers: ['198.51.100.1'], random: Math.random, ...options },
    countingSink,
  );
  getLease(peer);
  if (peer.uplinks[0].lease === null) throw new Error('the peer got no address');
  return peer;
}

/** A peer with a confirmed direct path to the remote. */
function directPeer(profile) {
  let isRecording = true;
  const peer = new Peer(
    { routers: ['198.51.100.1'], profile, random: Math.random },
    {
      ...countingSink,
      sendDatagram: (bytes, offset, length, to) => {
        if (isRecording) keep(bytes, offset, length);
        else countingSink.sendDatagram(bytes, offset, length, to);
      },
    },
  );
  getLease(peer);
  kept = null;
  const first = packetOf(ownAddress, remoteAddress, 100);
  peer.handlePacket(first, 0, 100, 0);
  if (profile === reference2020) {
    // The retransmission of the solicitation is taken, since nothing else is sent with it.
    peer.handleTimeout(500);
    const sentSolicitation = parseNd(kept, 0, kept.length).value;
    const reply = buildNd({
      type: 'neighbor-advertisement',
      source: remoteAddress,
      destination: ownAddress,
      router: false,
      solicited: true,
      override: true,
      target: remoteAddress,
      options: sentSolicitation.options.filter(({ type }) => type === 'nonce'),
    });
    peer.handleDatagram(reply, 0, reply.length, remoteEndpoint, 40_001, 501);
  } else {
    const seen = packetOf(remoteAddress, ownAddress, 100);
    setTrafficClass(seen, 0, SEEN_FLAG);
    peer.handleDatagram(seen, 0, 100, routerAddress, 25790, 501);
  }
  isRecording = false;
  if (peer.remotes(502)[0].path !== 'direct') throw new Error('no direct path');
  return peer;
}

const peers = {
  'through the router': leasedPeer({ peering: { strategy: 'via-router' } }),
  'direct, Neighbor Discovery': directPeer(reference2020),
  'direct, probe and seen': directPeer(draft04Profile),
};
/** One fixed time: no path is refreshed meanwhile, and none expires. */
const NOW = 600;
const sends = (peer) => {
  const out = packetOf(ownAddress, remoteAddress, 100);
  return (count) => {
    for (let index = 0; index < count; index++) {
      out[HOP_LIMIT] = 255;
      peer.handlePacket(out, 0, 100, NOW);
    }
  };
};
const receives = (peer, address, port) => {
  const into = packetOf(remoteAddress, ownAddress, 100);
  return (count) => {
    for (let index = 0; index < count; index++) {
      peer.handleDatagram(into, 0, 100, address, port, NOW);
    }
  };
};
for (const [name, peer] of Object.entries(peers)) {
  measure(`tunnel: peer sends 100 bytes, ${name}`, sends(peer), { mustNotAllocate: true });
}
measure(
  'tunnel: peer receives 100 bytes, through the router',
  receives(peers['through the router'], routerAddress, 25790),
  { mustNotAllocate: true },
);
for (const name of ['direct, Neighbor Discovery', 'direct, probe and seen']) {
  measure(
    `tunnel: peer receives 100 bytes, ${name}`,
    receives(peers[name], remoteEndpoint, 40_001),
    { mustNotAllocate: true },
  );
}

console.log(table.toString());

/** The time of one batch as a ratio to another, measured in turns: the median of the ratios. */
function ratio(batch, reference) {
  const count = 1_000_000;
  const run = (one) => {
    const start = process.hrtime.bigint();
    one(count);
    return Number(process.hrtime.bigint() - start);
  };
  const ratios = Array.from({ length: 15 }, () => run(batch) / run(reference));
  return median(ratios);
}

console.log('cost of a packet with peering, as a ratio to one without:');
const plainOut = sends(peers['through the router']);
const plainIn = receives(peers['through the router'], routerAddress, 25790);
for (const name of ['direct, Neighbor Discovery', 'direct, probe and seen']) {
  const out = ratio(sends(peers[name]), plainOut);
  const into = ratio(receives(peers[name], routerAddress, 25790), plainIn);
  console.log(`  ${name}: sent ${out.toFixed(2)}, received ${into.toFixed(2)}`);
  const both = (out + into) / 2;
  if (both > PEERING_COST) failures.push(`${name} costs ${both.toFixed(2)} times as much`);
}

/** A peer with direct paths to this many remotes, which take turns. */
function turnsOf(remotes) {
  const peer = leasedPeer({ profile: draft04Profile });
  const out = packetOf(ownAddress, remoteAddress, 100);
  const into = packetOf(remoteAddress, ownAddress, 100);
  const endpoint = (remote) => [remoteEndpoint + (remote >> 3), 1_024 + (remote & 7)];
  for (let remote = 0; remote < remotes; remote++) {
    const [address, port] = endpoint(remote);
    draft03.writeEndpoint(out, 24, address, port, 1);
    draft03.writeEndpoint(into, 8, address, port, 1);
    out[HOP_LIMIT] = 255;
    peer.handlePacket(out, 0, 100, NOW);
    setTrafficClass(into, 0, SEEN_FLAG);
    peer.handleDatagram(into, 0, 100, address, port, NOW);
  }
  const direct = peer.remotes(NOW).filter(({ path }) => path === 'direct').length;
  if (direct !== remotes) throw new Error(`${direct} direct paths of ${remotes}`);
  setTrafficClass(into, 0, 0);
  let remote = 0;
  return {
    sends: (count) => {
      for (let index = 0; index < count; index++) {
        remote = remote + 1 < remotes ? remote + 1 : 0;
        draft03.writeEndpoint(out, 24, remoteEndpoint + (remote >> 3), 1_024 + (remote & 7), 1);
        out[HOP_LIMIT] = 255;
        setTrafficClass(out, 0, 0);
        peer.handlePacket(out, 0, 100, NOW);
      }
    },
    receives: (count) => {
      for (let index = 0; index < count; index++) {
        remote = remote + 1 < remotes ? remote + 1 : 0;
        const [address, port] = [remoteEndpoint + (remote >> 3), 1_024 + (remote & 7)];
        draft03.writeEndpoint(into, 8, address, port, 1);
        peer.handleDatagram(into, 0, 100, address, port, NOW);
      }
    },
  };
}
const few = turnsOf(FEW_REMOTES);
const lots = turnsOf(MANY_REMOTES);
const manyCost = [ratio(lots.sends, few.sends), ratio(lots.receives, few.receives)];
console.log(
  `cost of a packet with ${MANY_REMOTES} remotes in turn, as a ratio to ${FEW_REMOTES}: sent ${manyCost[0].toFixed(2)}, received ${manyCost[1].toFixed(2)}`,
);
if (Math.max(...manyCost) > MANY_REMOTES_COST) failures.push('many remotes make packets dear');

// Memory

/** Heap and array-buffer bytes that `make(count)` keeps alive, per item. */
function retained(make, count) {
  const used = () => {
    collectGarbage();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = used();
  const kept = make(count);
  const bytes = (used() - before) / count;
  if (kept.length !== count) throw new Error('unexpected');
  return bytes;
}

const perPeer = retained((count) => Array.from({ length: count }, () => leasedPeer()), 200);

/** A peer that sends to this many remotes. */
function peerWith(remotes) {
  const peer = leasedPeer({ peering: { maxRemotes: remotes } });
  const packet = packetOf(ownAddress, remoteAddress, 100);
  for (let remote = 0; remote < remotes; remote++) {
    packet[HOP_LIMIT] = 255;
    draft03.writeEndpoint(packet, 24, remoteEndpoint, 1_024 + remote, 1);
    peer.handlePacket(packet, 0, 100, remote * 20);
    peer.handleTimeout(remote * 20);
  }
  if (peer.remotes(0).length !== remotes) throw new Error('not all remotes were kept');
  return peer;
}
const REMOTES = 1_000;
const perRemote =
  retained((count) => Array.from({ length: count }, () => peerWith(REMOTES)), 20) / REMOTES;

/** Relays packets from a million endpoints, each accepted, since its source address contains the endpoint. */
function relayForAMillion() {
  const packet = packetOf(ownAddress, remoteAddress, 100);
  for (let remote = 0; remote < 1_000_000; remote++) {
    packet[HOP_LIMIT] = 255;
    draft03.writeEndpoint(packet, 8, fromAddress + remote, 40_000, 1);
    router.handleDatagram(packet, 0, 100, fromAddress + remote, 40_000, remote);
  }
  return [router];
}
relayForAMillion();
const relayedBefore = router.counters.snapshot().datagramsSent;
const routerGrowth = retained(relayForAMillion, 1);
if (router.counters.snapshot().datagramsSent - relayedBefore !== 1_000_000) {
  throw new Error('the router did not relay them all');
}
console.log(`a peer with its address: ${(perPeer / 1024).toFixed(1)} KiB`);
console.log(`a remote of a peer: ${perRemote.toFixed(0)} bytes`);
if (perRemote > BYTES_PER_REMOTE) failures.push(`a remote takes ${perRemote.toFixed(0)} bytes`);
console.log(
  `a router after packets from a million remotes: ${Math.max(0, routerGrowth / 1024).toFixed(1)} KiB more`,
);
if (perPeer > 1024 * 1024) failures.push(`a peer takes ${perPeer} bytes`);

if (failures.length > 0) {
  console.log(`\nnot reached:\n  ${failures.join('\n  ')}`);
  process.exitCode = 1;
} else {
  console.log('\nall targets reached');
}
