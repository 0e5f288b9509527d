import { unanswered } from '@6bed4/testing/kernel/ping';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ROUTER } from './support/examples.js';
import { NAME, WebGateway, type WebServer, webServers } from './support/webGateway.js';

/** A request for a WebSocket whose sender claims to be somebody else. */
const FORGED = [
  ...['curl', '--silent', '--insecure', '--http1.1', '--max-time 1'],
  ...["--header 'X-Forwarded-For: 203.0.113.9'", "--header 'Sec-WebSocket-Protocol: 6bed4.v1'"],
  ...["--header 'Connection: Upgrade'", "--header 'Upgrade: websocket'"],
  ...[
    "--header 'Sec-WebSocket-Version: 13'",
    "--header 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='",
  ],
  `https://${NAME}/6bed4`,
].join(' ');

for (const server of Object.keys(webServers) as WebServer[]) {
  describeKernel(`a gateway behind ${server}, as the guide configures it`, () => {
    let web: WebGateway;
    beforeEach(async () => {
      web = await WebGateway.build();
    });
    afterEach(() => {
      web.examples.lab.dispose();
      web.dispose();
    });

    test('lets a peer in where UDP is blocked, with direct paths', async () => {
      const { examples } = web;
      const { lab } = examples;
      const gateway = await web.gateway('--trust-proxy 127.0.0.1');
      await web.start(server);
      await web.block('laptop');
      // Behind a NAT, like most.
      await lab.host('home');
      await lab.link(['other', 'lan', '10.0.1.1/24'], ['home', 'eth0', '10.0.1.2/24']);
      await lab.ip('home', 'route add default via 10.0.1.1');
      await lab.masquerade('other', 'eth0');
      const began = performance.now();
      const peer = web.peer(`--router ${NAME} --uplink auto`);
      const address = await examples.addressOf(peer);
      expect(performance.now() - began).toBeGreaterThan(3_000);
      // The address is one of the router, and contains the endpoint of the gateway.
      expect(address).toMatch(/^fc64:bed:c000:201:c000:201:[0-9a-f]+:1$/);
      const [remote, neighbor] = await Promise.all(
        ['home', 'other'].map(async (label) => {
          const line = `6bed4 peer --router ${ROUTER} --control ${web.path(`${label}.sock`)}`;
          return examples.addressOf(await examples.daemon(label, line));
        }),
      );
      expect(await unanswered(lab, 'laptop', neighbor!, 3)).toEqual([]);
      expect(await unanswered(lab, 'laptop', remote!, 3)).toEqual([]);
      expect(await unanswered(lab, 'home', address, 3)).toEqual([]);
      for (const label of ['laptop', 'home', 'other']) {
        const { remotes } = await web.statusAt(label, `${label}.sock`);
        const paths = remotes.map(({ path }: { path: string }) => path);
        expect(paths).toEqual(label === 'laptop' ? ['direct', 'direct'] : ['direct']);
      }
      const status = await web.statusAt('laptop', 'laptop.sock');
      expect(status.gateway).toBe(`wss://${NAME}/6bed4`);
      // The gateway counts clients by the address that they have, not by one that they name.
      await gateway.waitForLine(/client .*source 192\.0\.2\.2$/);
      await examples.output('other', `${FORGED} || true`);
      await gateway.waitForLine(/client .*source 192\.0\.2\.3$/);
    }, 60_000);
  }, [server, 'openssl', 'curl']);
}
