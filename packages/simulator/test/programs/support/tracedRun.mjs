/** Prints a digest of the trace of a run with the seed that is its argument; the test runs it in processes. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { buffer } from 'node:stream/consumers';
import { createHttpAgent, openTunnel } from '@6bed4/node';
import { simulate } from '@6bed4/simulator/node';

const ROUTER = '198.51.100.1';

/** Datagrams, TCP, HTTP and timers over links that lose and reorder: how many steps the trace has, and their digest. */
export function tracedRun(seed) {
  return simulate({ seed, trace: true }, async (net) => {
    net.router('router', { address: ROUTER });
    const link = { delay: 10, jitter: 5, loss: 0.03, reordering: 0.05 };
    const open = (name) => {
      const { environment } = net.host(name, { behind: net.nat(`${name}'s home`), link });
      return openTunnel({ routers: ROUTER, environment });
    };
    const [alice, bob] = await Promise.all(['alice', 'bob'].map(open));
    const server = http.createServer((_, response) => {
      // Node.js writes the real time.
      response.sendDate = false;
      response.end(Buffer.alloc(200_000, 'x'));
    });
    bob.createServer((socket) => server.emit('connection', socket)).listen(80);
    const socket = alice.createSocket('udp6');
    const greeting = setInterval(() => socket.send(String(Date.now()), 7, bob.address), 100);
    const agent = createHttpAgent(alice);
    const [response] = await once(http.get({ host: bob.address, agent }), 'response');
    const { length } = await buffer(response);
    clearInterval(greeting);
    await Promise.all([alice.close(), bob.close()]);
    const digest = createHash('sha256').update(`${length}`);
    for (const { payload, ...step } of net.trace.entries) {
      digest.update(JSON.stringify(step)).update(payload);
    }
    return `${net.trace.entries.length} ${digest.digest('hex')}`;
  });
}

if (process.argv[2] !== undefined && import.meta.url === `file://${process.argv[1]}`) {
  console.log(await tracedRun(Number(process.argv[2])));
}
