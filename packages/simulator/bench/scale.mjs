/**
 * The cost of simulation: datagrams carried a second, and 1000, 10 000 and 100 000 peers of one Router
 * machine. Run it with `npm run scale` in this package; other sizes as an argument.
 */
import { parseIPv4, parseIPv6, reference2020, UdpEndpoint } from '@6bed4/codec';
import { buildUdp } from '@6bed4/nd';
import { Internet } from '@6bed4/simulator';
import { Router } from '@6bed4/tunnel';
import { carry } from './carry.mjs';

const collectGarbage = globalThis.gc;
if (collectGarbage === undefined) {
  console.error('scale: run node with --expose-gc, as `npm run scale` does');
  process.exit(1);
}

const CARRIED = 1_000_000;
const SIZES = (process.argv[2] ?? '1000,10000,100000').split(',').map(Number);
/** Virtual time in which all peers get their addresses: solicitations are spread over a second. */
const START = 5_000;
const PACKETS = 200_000;
const PAYLOAD = new Uint8Array(500);

const heap = () => {
  collectGarbage();
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

const settings = { records: false, joinsLan: false, start: false };

/** Measures this many peers on the public core with one router, which relays everything. */
function measurePeers(size) {
  const peering = { strategy: 'via-router' };
  const before = heap();
  const net = new Internet({ seed: 1 });
  net.router('r', { address: '198.51.100.1' });
  const started = performance.now();
  const peers = Array.from({ length: size }, (_, index) => {
    const peer = net.peer(`peer ${index}`, { ...settings, peering });
    net.at(index % 1000, () => peer.start());
    return peer;
  });
  net.run(START);
  const startSeconds = (performance.now() - started) / 1000;
  const perPeer = (heap() - before) / size;
  const without = peers.filter((peer) => peer.address === null).length;
  const addresses = peers.map((peer) => peer.address);

  let arrived = 0;
  for (const peer of peers) peer.onPacket = () => arrived++;
  const chosen = Math.min(size, 1_000);
  const sendStart = performance.now();
  for (let sent = 0; sent < PACKETS; sent += chosen) {
    for (let index = 0; index < chosen; index++) {
      const from = (sent + index * 97) % size;
      peers[from].sendUdp(addresses[(from + 1 + Math.floor(size / 2)) % size], PAYLOAD);
    }
    net.run(30);
  }
  const seconds = (performance.now() - sendStart) / 1000;
  const virtual = 60_000;
  const idleStart = performance.now();
  net.run(virtual);
  const idle = (performance.now() - idleStart) / virtual;
  return {
    peers: size,
    'without address': without,
    'start, s': startSeconds.toFixed(2),
    'heap per peer, bytes': Math.round(perPeer),
    'relayed packets': arrived,
    'µs per relayed packet': ((seconds / arrived) * 1e6).toFixed(2),
    'idle: ms per virtual second': (idle * 1000).toFixed(1),
  };
}

/** Measures one Router machine with packets between this many endpoints, without a network. */
function measureRouter(size) {
  const { layout } = reference2020;
  const before = heap();
  let sent = 0;
  const sink = { sendDatagram: () => sent++, deliverPacket: () => {}, event: () => {} };
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state / 2 ** 32;
  };
  const router = new Router({ address: '198.51.100.1', random }, sink);
  const prefix = parseIPv6(router.prefix.split('/')[0]);
  const endpoint = new UdpEndpoint();
  const addressOf = (index, bytes, offset) => {
    endpoint.address = parseIPv4('198.18.0.0') + index;
    endpoint.port = 40_000;
    bytes.set(prefix.subarray(0, 8), offset);
    layout.writeEndpoint(bytes, offset, endpoint.address, endpoint.port, 1);
  };
  const packet = buildUdp({
    ...{ source: prefix, destination: prefix, sourcePort: 1, destinationPort: 1 },
    payload: PAYLOAD,
  });
  const count = 1_000_000;
  const start = performance.now();
  for (let index = 0; index < count; index++) {
    const from = (index * 97) % size;
    addressOf((from + 1) % size, packet, 24);
    addressOf(from, packet, 8);
    packet[7] = 64;
    router.handleDatagram(packet, 0, packet.length, endpoint.address, endpoint.port, index / 100);
  }
  const seconds = (performance.now() - start) / 1000;
  if (sent !== count) throw new Error(`${sent} of ${count} packets were relayed`);
  return {
    peers: size,
    'µs per packet, with building it': ((seconds / count) * 1e6).toFixed(2),
    'heap of the router, bytes': heap() - before,
  };
}

/** Measures the growth of a peer's heap by its first remote, and by a hundred more. */
function measureRemotes() {
  const net = new Internet({ seed: 1 });
  net.router('r', { address: '198.51.100.1' });
  const peers = Array.from({ length: 200 }, (_, index) => net.peer(`peer ${index}`, settings));
  for (const peer of peers) peer.start();
  net.run(START);
  const addresses = peers.map((peer) => peer.address);
  const contact = (count) => {
    const before = heap();
    for (let other = 1; other <= count; other++) {
      for (let index = 0; index < peers.length; index++) {
        peers[index].sendUdp(addresses[(index + other) % peers.length]);
      }
      // Datagrams on their way would count as well, were they many at a time.
      net.run(50);
    }
    net.run(10_000);
    return Math.round((heap() - before) / peers.length);
  };
  return { 'first remote, bytes': contact(1), 'a hundred more, bytes': contact(101) };
}

carry(100_000);
const { delivered, perSecond } = carry(CARRIED);
console.log(
  `${delivered} datagrams from host to host through two NATs: ${Math.round(perSecond)} a second`,
);
console.table(SIZES.map(measurePeers));
console.table(SIZES.map(measureRouter));
console.table([measureRemotes()]);
