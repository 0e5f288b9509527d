/*
 * What a router takes for what peers send it when they only exist, next to what it takes for relaying, in one run: a
 * router in a process of its own, and in this one peers with an IPv4 address of loopback each.
 */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { cpus, loadavg } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { encodeAddress, parseIPv6 } from '@6bed4/codec';
import { buildUdp } from '@6bed4/nd';
import { Peer } from '@6bed4/tunnel';
import { cpuSeconds } from '../net/proc.mjs';

const COMMAND = fileURLToPath(new URL('../../packages/cli/bin/6bed4.js', import.meta.url));
const HOST = '127.0.0.1';
const PORT = 25_791;
const PEER_PORT = 26_000;
const PREFIX = 'fc64:bed:7f00:1::/64';
/** Many enough that the limit of answers to one IPv4 address is not reached: 50 a second. */
const PEERS = 400;
const RATE = 4_000;
const TICK = 5;
const SECONDS = 4;
const ROUNDS = 5;
const PAYLOAD = 452;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/**
 * Measures; needs Linux.
 *
 * @returns microseconds of the router's processor time: for a relayed packet, and what others take as ratios to that,
 * medians of rounds
 */
export async function measure(report) {
  const router = spawn(
    process.execPath,
    [
      COMMAND,
      'router',
      ...['--listen', HOST, '--port', PORT, '--no-tun', '--no-control'].map(String),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const peers = [];
  try {
    for await (const line of createInterface(router.stdout)) if (line.includes('ready')) break;
    for (let index = 0; index < PEERS; index++) peers.push(await openPeer(index));
    const kinds = {
      relayed: relayedPackets(),
      solicitation: solicitations(),
      keepalive: keepalives(),
    };
    // The first time, the code of the router is compiled.
    for (const packets of Object.values(kinds)) await cost(router.pid, peers, packets);
    const rounds = [];
    for (let round = 0; round < ROUNDS; round++) {
      const found = {};
      for (const [kind, packets] of Object.entries(kinds)) {
        found[kind] = await cost(router.pid, peers, packets);
      }
      rounds.push(found);
      report(found);
    }
    return summary(rounds);
  } finally {
    for (const { socket } of peers) socket.close();
    router.kill();
    await once(router, 'exit');
  }
}

function summary(rounds) {
  const ratio = (kind) =>
    Number(median(rounds.map((one) => one[kind].micros / one.relayed.micros)).toFixed(2));
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: `${cpus().length} × ${cpus()[0].model.trim()}`,
    node: process.version,
    load: Number(loadavg()[0].toFixed(1)),
    rate: RATE,
    relayedMicros: Number(median(rounds.map(({ relayed }) => relayed.micros)).toFixed(1)),
    solicitation: ratio('solicitation'),
    keepalive: ratio('keepalive'),
    advertisementBytes: rounds[0].solicitation.bytes,
  };
}

async function openPeer(index) {
  const address = `127.1.${index >> 8}.${index & 0xff}`;
  const socket = createSocket('udp4');
  const peer = { socket, address, answers: 0, bytes: 0 };
  socket.on('message', ({ length }) => {
    peer.answers++;
    peer.bytes = length;
  });
  socket.bind(PEER_PORT, address);
  await once(socket, 'listening');
  return peer;
}

/** Processor time of the router for one of many packets, and how much of what should arrive did. */
async function cost(pid, peers, { packetOf, isAnswered }) {
  const before = cpuSeconds(pid);
  const answersBefore = peers.reduce((sum, { answers }) => sum + answers, 0);
  const start = performance.now();
  let sent = 0;
  while (sent < RATE * SECONDS) {
    const due = Math.min(RATE * SECONDS, ((performance.now() - start) / 1000) * RATE);
    for (; sent < due; sent++) {
      const index = sent % PEERS;
      peers[index].socket.send(packetOf(index), PORT, HOST);
    }
    await sleep(TICK);
  }
  await sleep(200);
  const micros = ((cpuSeconds(pid) - before) * 1e6) / sent;
  const answered = peers.reduce((sum, { answers }) => sum + answers, 0) - answersBefore;
  if (isAnswered && answered < 0.9 * sent) {
    throw new Error(`capacity: ${answered} of ${sent} packets were answered or relayed`);
  }
  return { micros, answered: answered / sent, bytes: peers[0].bytes };
}

const addressOf = (index) =>
  parseIPv6(
    encodeAddress({
      prefix: PREFIX,
      peer: { address: `127.1.${index >> 8}.${index & 0xff}`, port: PEER_PORT },
      lanip: 1,
    }),
  );

/** From each peer to the next but one, so that no two neighbors in a batch have one destination. */
function relayedPackets() {
  const packets = Array.from({ length: PEERS }, (_, index) =>
    buildUdp({
      source: addressOf(index),
      destination: addressOf((index + 2) % PEERS),
      ...{ sourcePort: 5060, destinationPort: 5060, hopLimit: 64 },
      payload: new Uint8Array(PAYLOAD),
    }),
  );
  return { packetOf: (index) => packets[index], isAnswered: true };
}

/** The first that a peer of ours sends: padded, so that the answer is not larger. */
function solicitations() {
  let packet = null;
  const sink = new Proxy(
    {},
    {
      get: (_, name) => (bytes, offset, length) => {
        if (name === 'sendDatagram') packet ??= bytes.slice(offset, offset + length);
      },
    },
  );
  const peer = new Peer({ routers: [{ address: HOST, port: PORT }], random: Math.random }, sink);
  peer.start(0);
  for (let time = 0; packet === null; time += 1000) peer.handleTimeout(time);
  return { packetOf: () => packet, isAnswered: true };
}

/** As keepalives arrive at a router that is within their few hops. */
function keepalives() {
  const nothing = new Uint8Array(0);
  return { packetOf: () => nothing, isAnswered: false };
}
