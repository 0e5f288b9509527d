import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkPeerOptions, startPeer } from '../../src/index.js';
import { GatewayClients, LOOPBACK } from './support/gatewayClients.js';

let lab: GatewayClients;
let proxy: Server;
let asked: { target: string; authorization: string | undefined }[];
let status: string;

beforeEach(async () => {
  [asked, status] = [[], '200 OK'];
  lab = await GatewayClients.open();
  await lab.start();
  proxy = createServer();
  proxy.on('connect', (request, socket) => {
    const { url = '', headers } = request;
    asked.push({ target: url, authorization: headers['proxy-authorization'] });
    socket.write(`HTTP/1.1 ${status}\r\n\r\n`);
    if (!status.startsWith('200')) return void socket.end();
    const [host, port] = url.split(':');
    const onward = connect(Number(port), host);
    onward.on('error', () => {});
    socket.on('error', () => {});
    socket.pipe(onward).pipe(socket);
  });
  proxy.listen(0, LOOPBACK);
  await once(proxy, 'listening');
});
afterEach(async () => {
  await lab.close();
  proxy.closeAllConnections();
  proxy.close();
});

const portOf = (server: Server): number => (server.address() as { port: number }).port;
const gatewayPort = (): number => lab.gateway.report().web.port;

async function open(gatewayProxy: Parameters<typeof startPeer>[0]['gatewayProxy']) {
  const gateway = `ws://${LOOPBACK}:${gatewayPort()}/6bed4`;
  return startPeer({ routers: lab.router.endpoint, uplink: 'wss', gateway, gatewayProxy });
}

describe('an HTTP proxy on the way to a gateway', () => {
  test.each([
    ['as text', (url: string) => url],
    ['as a function', (url: string) => () => url],
    ['as a promise', (url: string) => () => Promise.resolve(url)],
  ])('is used, given %s', async (_, form) => {
    const peer = await open(form(`http://user:p%40ss@${LOOPBACK}:${portOf(proxy)}`));
    await peer.ready;
    expect(asked).toEqual([
      {
        target: `${LOOPBACK}:${gatewayPort()}`,
        authorization: `Basic ${Buffer.from('user:p@ss').toString('base64')}`,
      },
    ]);
    await peer.close();
  });

  test.each(['407 Proxy Authentication Required', '502 Bad Gateway'])(
    'says why it does not work: %s',
    async (refusal) => {
      status = refusal;
      const peer = await open(`http://${LOOPBACK}:${portOf(proxy)}`);
      const [failure] = await once(peer, 'gateway-failed');
      expect(failure).toMatchObject({ wasOpen: false, code: 1006 });
      expect(failure.reason).toContain(`the proxy answers ${refusal.slice(0, 3)}`);
      await peer.close();
    },
  );

  test('is left out where there is none', async () => {
    const peer = await open(() => null);
    await peer.ready;
    expect(asked).toEqual([]);
    await peer.close();
  });

  test.each([
    'https://proxy.example:443',
    'socks5://proxy.example',
    'proxy.example:3128',
    'http://',
  ])('cannot be %s, and what was given is not quoted', (gatewayProxy) => {
    const options = { routers: '192.0.2.1', gateway: 'wss://a.example/6bed4' };
    expect(() => checkPeerOptions({ ...options, gatewayProxy })).toThrow(
      /^gatewayProxy: found another text, expected http:/,
    );
  });
});
