/**
 * What packets cost an engine: prints a line of JSON for each measurement. Real time, so the machine should have
 * nothing else to do.
 */
import { encodeAddress, parseIPv4, parseIPv6 } from '@6bed4/codec';
import { buildUdp, HOP_LIMIT_OFFSET } from '@6bed4/nd';
import { TcpStack } from '@6bed4/tcp';
import { Peer, Router, type TunnelSink } from '@6bed4/tunnel';
import { seeded } from '../fake/seeded';
import { traffic } from '../fake/udpSockets';
import { runProgram } from './engine';
import { openHost, openRouter, transfer } from './transfers';

const PREFIX = 'fc64:bed:c633:6401::/64';
const ROUTER = '198.51.100.1';
const [HERE, THERE] = ['192.0.2.10', '203.0.113.9'];
const PORT = 5_000;
const PAYLOAD = 500;
const PACKETS = 5_000;
const TCP_BYTES = 500_000;
const APP_BYTES = 100_000;
const random = seeded(3);
const HOP_LIMIT = 64;

const counts = { datagrams: 0, packets: 0 };
const sink: TunnelSink = {
  sendDatagram: () => {
    counts.datagrams++;
  },
  deliverPacket: () => {
    counts.packets++;
  },
  event: () => undefined,
};

/** Microseconds of one of many calls. */
function microseconds(calls: number, run: (count: number) => void): number {
  run(calls >> 2);
  const before = Date.now();
  run(calls);
  return ((Date.now() - before) * 1_000) / calls;
}

function report(name: string, value: number, unit: string): void {
  print(JSON.stringify({ name, value: Math.round(value * 100) / 100, unit }));
}

function addressOf(peer: string): Uint8Array {
  return parseIPv6(encodeAddress({ prefix: PREFIX, peer: `${peer}:${PORT}`, lanip: 1 }));
}

/** 548 bytes of IPv6 and UDP. */
function packetBetween(source: Uint8Array, destination: Uint8Array): Uint8Array {
  const payload = new Uint8Array(PAYLOAD);
  return buildUdp({ source, destination, sourcePort: 1, destinationPort: 2, payload });
}

function measureRelay(): void {
  const router = new Router({ address: ROUTER, random }, sink);
  const packet = packetBetween(addressOf(HERE), addressOf(THERE));
  const from = parseIPv4(HERE);
  counts.datagrams = 0;
  const time = microseconds(PACKETS, (count) => {
    for (let index = 0; index < count; index++) {
      packet[HOP_LIMIT_OFFSET] = HOP_LIMIT;
      router.handleDatagram(packet, 0, packet.length, from, PORT, index / 100);
    }
  });
  if (counts.datagrams !== PACKETS + (PACKETS >> 2)) throw new Error('packets were not relayed');
  report('a router relays a packet of 548 bytes', time, 'µs');
}

/** A peer that got its address from a router. */
function peerWithAddress(): Peer {
  const router = new Router(
    { address: ROUTER, random },
    {
      ...sink,
      sendDatagram: (bytes, offset, length) => answers.push(bytes.slice(offset, offset + length)),
    },
  );
  const answers: Uint8Array[] = [];
  const asked: Uint8Array[] = [];
  const peer = new Peer(
    { routers: [ROUTER], random },
    {
      ...sink,
      sendDatagram: (bytes, offset, length) => {
        counts.datagrams++;
        if (counts.datagrams < 3) asked.push(bytes.slice(offset, offset + length));
      },
    },
  );
  counts.datagrams = 0;
  peer.start(0);
  const question = asked[0]!;
  router.handleDatagram(question, 0, question.length, parseIPv4(HERE), PORT, 0);
  const answer = answers[0]!;
  peer.handleDatagram(answer, 0, answer.length, parseIPv4(ROUTER), 25_790, 0);
  return peer;
}

function measurePeer(): void {
  const peer = peerWithAddress();
  const own = addressOf(HERE);
  const far = parseIPv6('fc64:bed:c633:6402:c433:6402:1388:8001');
  const [out, back] = [packetBetween(own, far), packetBetween(far, own)];
  const sending = microseconds(PACKETS, (count) => {
    for (let index = 0; index < count; index++) {
      out[HOP_LIMIT_OFFSET] = HOP_LIMIT;
      peer.handlePacket(out, 0, out.length, index / 100);
    }
  });
  if (counts.datagrams < PACKETS) throw new Error('packets were not sent');
  report('a peer sends a packet of 548 bytes', sending, 'µs');
  counts.packets = 0;
  const receiving = microseconds(PACKETS, (count) => {
    for (let index = 0; index < count; index++) {
      back[HOP_LIMIT_OFFSET] = HOP_LIMIT;
      peer.handleDatagram(back, 0, back.length, parseIPv4(ROUTER), 25_790, 1_000 + index / 100);
    }
  });
  if (counts.packets < PACKETS) throw new Error('packets were not delivered');
  report('a peer receives a packet of 548 bytes', receiving, 'µs');
}

/** Two stacks that pass packets by function calls. */
function measureTcp(): void {
  const packets: [TcpStack, Uint8Array][] = [];
  const ends: { server?: TcpStack; client?: TcpStack } = {};
  const stack = (other: 'server' | 'client') =>
    new TcpStack(
      { random },
      {
        sendPacket: (bytes, offset, length) => {
          packets.push([ends[other]!, bytes.slice(offset, offset + length)]);
        },
        event: () => undefined,
        accepted: () => undefined,
      },
    );
  const [client, server] = [stack('server'), stack('client')];
  Object.assign(ends, { client, server });
  const listener = server.listen(null, 80);
  const connection = client.connect(
    { address: parseIPv6('2001:db8::1'), port: 50_000 },
    { address: parseIPv6('2001:db8::2'), port: 80 },
    0,
  );
  const chunk = new Uint8Array(16_384);
  let now = 0;
  let written = 0;
  let read = 0;
  let accepted = null as ReturnType<typeof listener.accept>;
  let segments = 0;
  const before = Date.now();
  while (read < TCP_BYTES) {
    const next = packets.shift();
    if (next !== undefined) {
      segments++;
      next[0].handlePacket(next[1], 0, next[1].length, now);
    } else {
      now = Math.max(now, Math.min(client.nextTimeout(), server.nextTimeout()));
      client.handleTimeout(now);
      server.handleTimeout(now);
    }
    accepted ??= listener.accept();
    written += connection.write(chunk, 0, Math.min(chunk.length, TCP_BYTES - written), now);
    read += accepted?.read(chunk, 0, chunk.length, now) ?? 0;
  }
  const elapsed = Date.now() - before;
  report('two TCP stacks in memory', (TCP_BYTES * 8) / elapsed / 1_000, 'Mbit/s');
  report('each segment, at both ends together', (elapsed * 1_000) / segments, 'µs');
}

/** All of the example: driver, base64 and Buffer of react-native-udp, tunnel and TCP, at both ends. */
async function measureApp(): Promise<void> {
  const router = await openRouter(ROUTER);
  const one = await openHost(HERE, router.text);
  const other = await openHost(THERE, router.text);
  const datagrams = traffic.sent;
  const before = Date.now();
  await transfer(one, other, APP_BYTES);
  const elapsed = Date.now() - before;
  report('the example, both ends', (APP_BYTES * 2 * 8) / elapsed / 1_000, 'Mbit/s');
  report('each datagram, at both ends', (elapsed * 1_000) / (traffic.sent - datagrams), 'µs');
}

runProgram(async () => {
  measureRelay();
  measurePeer();
  measureTcp();
  await measureApp();
});
