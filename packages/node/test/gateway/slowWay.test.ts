import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTunnel, type Tunnel } from '../../src/index.js';
import { GatewayClients, LOOPBACK } from './support/gatewayClients.js';
import { SlowRelay } from './support/slowRelay.js';

/** Bytes a second of the way to the gateway, 4 Mbit/s. */
const RATE = 500_000;
/** Bytes that wait there: 3 s of them. */
const QUEUE = 3 * RATE;
const [SINK, ECHO] = [9, 7];
/** Bytes of a datagram of the flood. */
const LENGTH = 1_000;
/** Milliseconds of a round trip, at the middle: beyond the 100 that may wait, those of the way, and a busy computer. */
const LONGEST = 500;

let lab: GatewayClients;
let relay: SlowRelay;
let tunnels: Tunnel[];

beforeEach(async () => {
  tunnels = [];
  lab = await GatewayClients.open();
  await lab.start();
  relay = await SlowRelay.open(lab.gateway.report().web.port, RATE, QUEUE);
});
afterEach(async () => {
  for (const tunnel of tunnels) await tunnel.close();
  relay.close();
  await lab.close();
});

async function open(options: Partial<Parameters<typeof openTunnel>[0]>): Promise<Tunnel> {
  const routers = lab.router.endpoint;
  const tunnel = await openTunnel({ routers, peering: { strategy: 'via-router' }, ...options });
  tunnels.push(tunnel);
  return tunnel;
}

test.each(['up', 'down'])('a flood %s a slow way lets others through soon', async (way) => {
  const near = await open({ uplink: 'wss', gateway: `ws://${LOOPBACK}:${relay.port}/6bed4` });
  const far = await open({});
  const echo = far.createSocket('udp6', (message, { port, address }) => {
    echo.send(message, port, address);
  });
  echo.bind(ECHO);
  // Twice as much as the way carries, by what does not slow down.
  const [from, to] = way === 'up' ? [near, far] : [far, near];
  let received = 0;
  const sink = to.createSocket('udp6', ({ length }) => {
    received += length;
  });
  await new Promise<void>((resolve) => sink.bind(SINK, () => resolve()));
  const source = from.createSocket('udp6');
  let due = performance.now();
  const flood = setInterval(() => {
    for (; due < performance.now(); due += 1000 / (2 * (RATE / LENGTH))) {
      source.send(new Uint8Array(LENGTH), SINK, to.address!);
    }
  }, 5);
  await sleep(1_500);
  const before = received;
  const began = performance.now();
  const trips: number[] = [];
  const sent = new Map<number, number>();
  const probe = near.createSocket('udp6', (message) => {
    trips.push(performance.now() - sent.get(message.readUInt32BE(0))!);
  });
  await new Promise<void>((resolve) => probe.bind(0, () => resolve()));
  for (let number = 0; number < 60; number++) {
    const message = Buffer.alloc(100);
    message.writeUInt32BE(number);
    sent.set(number, performance.now());
    probe.send(message, ECHO, far.address!);
    await sleep(50);
  }
  const rate = (received - before) / ((performance.now() - began) / 1000);
  await sleep(LONGEST);
  clearInterval(flood);
  trips.sort((one, other) => one - other);
  // The way is used, and what is not dropped comes soon.
  expect(rate).toBeGreaterThan(RATE / 2);
  expect(trips.length).toBeGreaterThan(3);
  expect(trips[trips.length >> 1]).toBeLessThan(LONGEST);
});
