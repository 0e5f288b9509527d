import { createServer } from 'node:http';
import { openTunnel, startGateway, startRouter } from '@6bed4/node';

const HOST = '127.0.0.1';
export const TEXT = 'This text came by TCP over 6bed4, from one program to a page.\n';

/**
 * A router, a gateway for pages of an origin, and another peer that serves a text by HTTP, all on loopback.
 *
 * @param {{ origin: string, tokens?: string[] }} options - origin of the page, and tokens that the gateway wants
 */
export async function startLoopback({ origin, tokens }) {
  const router = await startRouter({ listen: HOST, port: 0, driver: 'portable' });
  const gateway = await startGateway({
    routers: router.endpoint,
    publicAddress: HOST,
    web: { host: HOST, port: 0 },
    allowOrigins: [origin],
    tokens,
  });
  const peer = await openTunnel({ routers: router.endpoint });
  const site = createServer((request, response) => {
    response.writeHead(request.url === '/' ? 200 : 404, { 'content-type': 'text/plain' });
    response.end(request.url === '/' ? TEXT : '');
  });
  peer.createServer((socket) => site.emit('connection', socket)).listen(80);
  return {
    gatewayUrl: `ws://${HOST}:${gateway.report().web.port}/6bed4`,
    gateway,
    router,
    /** The 6bed4 address of the peer that serves the text. */
    address: peer.address,
    async close() {
      await peer.close();
      await gateway.close();
      await router.close();
    },
  };
}
