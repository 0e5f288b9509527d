import { createSocket, type Socket } from 'node:dgram';
import { UdpEndpoint } from '@6bed4/codec';
import { udpPacket } from '@6bed4/testing/packets';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  addressOf,
  GatewayClients,
  LOOPBACK,
  LOOPBACK_BITS,
  message,
  until,
} from './support/gatewayClients.js';

/** Datagrams of a client; the buffer of the socket has to hold all. */
const EACH = 40;

let lab: GatewayClients;
let router: Socket;

beforeEach(async () => {
  lab = await GatewayClients.open();
  router = createSocket('udp4');
  await new Promise<void>((resolve) => router.bind(0, LOOPBACK, () => resolve()));
});
afterEach(async () => {
  await lab.close();
  router.close();
});

test('what clients send at the same time leaves whole, from the endpoint of each', async () => {
  const { port } = router.address();
  await lab.start({ routers: `${LOOPBACK}:${port}` });
  const clients = [await lab.connect(), await lab.connect(), await lab.connect()];
  const arrived = new Map<number, number[]>();
  router.on('message', (packet, from) => {
    const found = arrived.get(from.port) ?? [];
    arrived.set(from.port, found);
    // The number is behind the headers of IPv6 and UDP; lengths differ, so that some cannot go together.
    const number = packet.readUInt16BE(48);
    expect(packet.length).toBe(48 + 2 + (number % 7) * 100);
    found.push(number);
  });
  for (let number = 0; number < EACH; number++) {
    for (const { socket, hello } of clients) {
      const data = new Uint8Array(2 + (number % 7) * 100);
      new DataView(data.buffer).setUint16(0, number);
      const packet = udpPacket(addressOf(hello), addressOf(hello), data);
      socket.send(message(packet, new UdpEndpoint(LOOPBACK_BITS, port)));
    }
  }
  const report = () => lab.gateway.report().counters;
  await until(() => report().datagramsSent === EACH * clients.length);
  await until(() => [...arrived.values()].flat().length === EACH * clients.length);
  for (const { hello } of clients) {
    const found = arrived.get(hello.endpoint.port)!;
    expect(found.sort((one, other) => one - other)).toEqual(
      Array.from({ length: EACH }, (_, number) => number),
    );
  }
  expect(report().sendErrors).toEqual({});
});
