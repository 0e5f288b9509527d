import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { UplinkPort } from '../../src/drivers/gateway/uplinkPort.js';
import type { DatagramPort } from '../../src/drivers/ports/datagramPort.js';
import { ScriptSummedBytes } from '../../src/drivers/ports/summedBytes.js';
import { memoryNetwork } from '../../src/index.js';

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function openPort(udp: DatagramPort): Promise<UplinkPort> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  ends.push(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const uplink = await UplinkPort.open(
    { udp, urls: [`ws://127.0.0.1:${port}/6bed4`], proxyOf: () => null },
    { changed() {}, failed() {} },
  );
  ends.push(() => uplink.close());
  return uplink;
}

test('knows of the turns and the memory of its UDP port what that knows', async () => {
  const memory = new ScriptSummedBytes(2000);
  const udp = Object.assign(memoryNetwork().bind('203.0.113.1'), { turn: 7, memory });
  const uplink = await openPort(udp);
  expect([uplink.turn, uplink.memory]).toEqual([7, memory]);
  udp.turn++;
  expect(uplink.turn).toBe(8);
});
