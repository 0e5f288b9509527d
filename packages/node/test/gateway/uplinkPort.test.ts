import { expect, test } from 'vitest';
import { UplinkPort } from '../../src/drivers/gateway/uplinkPort.js';
import { ScriptSummedBytes } from '../../src/drivers/ports/summedBytes.js';
import { memoryNetwork } from '../../src/index.js';

test('knows of the turns and the memory of its UDP port what that knows', async () => {
  const memory = new ScriptSummedBytes(2000);
  const udp = Object.assign(memoryNetwork().bind('203.0.113.1'), { turn: 7, memory });
  // It connects nowhere before it is started.
  const settings = { udp, urls: ['ws://127.0.0.1:1/6bed4'], proxyOf: () => null };
  const uplink = await UplinkPort.open(settings, { changed() {}, failed() {} });
  expect([uplink.turn, uplink.memory]).toEqual([7, memory]);
  udp.turn++;
  expect(uplink.turn).toBe(8);
  await uplink.close();
});
