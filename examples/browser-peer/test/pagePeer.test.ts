import { webcrypto } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startLoopback, TEXT } from '../loopback.mjs';
import { PagePeer } from '../pagePeer.mjs';

const { performance, setTimeout, clearTimeout } = globalThis;
const platform = { WebSocket, performance, crypto: webcrypto, setTimeout, clearTimeout };

describe('a PagePeer, wherever there are WebSockets', () => {
  let lab: Awaited<ReturnType<typeof startLoopback>>;
  let peer: PagePeer;
  beforeAll(async () => {
    lab = await startLoopback({ origin: 'http://127.0.0.1' });
    await new Promise<void>((resolve) => {
      peer = new PagePeer({
        ...{ gateway: lab.gatewayUrl, token: undefined, platform },
        opened: () => {},
        closed: () => {},
        changed: ({ type }: { type: string }) => type === 'address-acquired' && resolve(),
      });
    });
  });
  afterAll(async () => {
    peer?.close();
    await lab?.close();
  });

  test('has an address of the gateway', () => {
    expect(peer.address).toMatch(/^fc64:bed:7f00:1:/);
  });

  test('pings, and loads a text', async () => {
    expect(await peer.ping(lab.address!)).toBeGreaterThan(0);
    expect(await peer.load(lab.address!, 80)).toBe(TEXT);
  });

  test('loads several texts at once', async () => {
    const texts = await Promise.all([1, 2, 3].map(() => peer.load(lab.address!, 80)));
    expect(texts).toEqual([TEXT, TEXT, TEXT]);
  });

  test('says why there is no text', async () => {
    await expect(peer.load(lab.address!, 81)).rejects.toThrow('Nobody listens on this port.');
    await expect(peer.load(lab.address!, 80, '/none')).rejects.toThrow('The server says 404');
    await expect(peer.load('nowhere', 80)).rejects.toThrow('address');
    await expect(peer.ping('nowhere')).rejects.toThrow('address');
  });
});
