import { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type GatewayDaemon,
  openTunnel,
  type RouterDaemon,
  startGateway,
  startRouter,
  type Tunnel,
} from '@6bed4/node';
import { domInChromium, findChromium } from '@6bed4/testing/chromium';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { options } from '../bundle.mjs';
import { PagePeer } from '../pagePeer.mjs';

const HOST = '127.0.0.1';
const TEXT = 'a text, in this page';
const HOLD = `<img src="held" alt=""><script>
  const timer = setInterval(() => {
    if (document.getElementById('state').textContent !== 'done') return;
    clearInterval(timer);
    fetch('release');
  }, 50);
</script>`;
const required = process.env['SIXBED4_REQUIRE_BROWSER'] === '1';
const browser = findChromium();

describe('a page as a peer', () => {
  let router: RouterDaemon;
  let gateway: GatewayDaemon;
  let tunnel: Tunnel;
  let pages: Server;
  let folder: string;
  let gatewayUrl: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), '6bed4-page-peer-'));
    // The browser shows a page that is loaded: so an image comes when the page says that it is done.
    let held: ServerResponse | null = null;
    pages = createServer(async ({ url = '/' }, response) => {
      const name = new URL(url, 'http://localhost').pathname.slice(1);
      if (name === 'held') {
        held = response;
        return;
      }
      if (name === 'release') held?.writeHead(404).end();
      const type = name.endsWith('.html') ? 'text/html' : 'text/javascript';
      const file = await readFile(join(folder, name)).catch(() => null);
      response.writeHead(file === null ? 404 : 200, { 'content-type': type });
      response.end(name === 'index.html' ? `${file}${HOLD}` : (file ?? ''));
    });
    await once(pages.listen(0, HOST), 'listening');
    router = await startRouter({ listen: HOST, port: 0, driver: 'portable' });
    gateway = await startGateway({
      routers: router.endpoint,
      publicAddress: HOST,
      web: { host: HOST, port: 0 },
      allowOrigins: [originOf(pages)],
    });
    gatewayUrl = `ws://${HOST}:${gateway.report().web.port}/6bed4`;
    tunnel = await openTunnel({ routers: router.endpoint });
    const server = tunnel.createServer((socket) => socket.end(TEXT)).listen(80);
    await once(server, 'listening');
  });
  afterEach(async () => {
    await tunnel.close();
    await gateway.close();
    await router.close();
    pages.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('pings, and loads a text by TCP, wherever there are WebSockets', async () => {
    const { performance, setTimeout, clearTimeout } = globalThis;
    let resolve = (): void => {};
    const ready = new Promise<void>((done) => {
      resolve = done;
    });
    const peer = new PagePeer({
      gateway: gatewayUrl,
      token: undefined,
      platform: { WebSocket, performance, crypto: webcrypto, setTimeout, clearTimeout },
      changed: ({ type }: { type: string }) => type === 'address-acquired' && resolve(),
      closed: () => {},
    });
    await ready;
    expect(await peer.ping(tunnel.address!)).toBeGreaterThan(0);
    expect(await peer.load(tunnel.address!, 80)).toBe(TEXT);
    await expect(peer.load(tunnel.address!, 81)).rejects.toThrow('the connection failed');
    peer.close();
  });

  const skipped = browser === null ? ' (skipped: no Chromium)' : '';
  test.runIf(browser !== null || required)(
    `does so in Chromium${skipped}`,
    async () => {
      if (browser === null) throw new Error('no Chromium on the search path');
      await build({ ...options, outdir: folder });
      const wishes = new URLSearchParams({
        gateway: gatewayUrl,
        remote: tunnel.address!,
        port: '80',
      });
      const dom = await domInChromium(browser, `${originOf(pages)}/index.html#${wishes}`);
      expect(dom).toMatch(/<output id="address">fc64:bed:7f00:1:[0-9a-f:]+<\/output>/);
      expect(dom).toMatch(/<output id="ping">[0-9.]+ ms<\/output>/);
      expect(dom).toContain(TEXT);
    },
    90_000,
  );
});

function originOf(server: Server): string {
  return `http://${HOST}:${(server.address() as AddressInfo).port}`;
}
