import { once } from 'node:events';
import { formatIPv6, parseIPv6 } from '@6bed4/codec';
import { memoryNetwork, openTunnel, startRouter } from '@6bed4/node';
import Table from 'cli-table3';

const REMOTES = 10_000;
const TARGET_REMOTES_MB = 64;

/** One socket sends to ten thousand remotes, none of which exists; returns whether that takes few enough bytes. */
export async function memory() {
  const network = memoryNetwork({
    forward: ({ source, destination }) => source.port === 25790 || destination.port === 25790,
  });
  const router = await startRouter({ datagrams: network.bind('198.51.100.1', 25790) });
  const tunnel = await openTunnel({
    routers: router.endpoint,
    datagrams: network.bind('203.0.113.1'),
    peering: { maxRemotes: 16_384 },
  });
  const socket = tunnel.createSocket('udp6').bind();
  await once(socket, 'listening');
  globalThis.gc?.();
  const before = process.memoryUsage();
  const remote = parseIPv6(tunnel.address);
  for (let count = 0; count < REMOTES; count++) {
    remote[12] = 0x80 | (count >>> 8);
    remote[13] = count;
    socket.send('x', 5000, formatIPv6(remote));
    if (count % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
  globalThis.gc?.();
  const after = process.memoryUsage();
  const known = tunnel.peer.remotes().length;
  await tunnel.close();
  await router.close();
  const mb = (bytes) => bytes / 2 ** 20;
  const held = (usage) => usage.heapUsed + usage.external;
  const table = new Table({ head: ['memory with 10 thousand remotes', 'MB'] });
  table.push(
    ['the whole process (resident set)', mb(after.rss).toFixed(1)],
    ['grown by (resident set)', mb(after.rss - before.rss).toFixed(1)],
    ['grown by (heap and buffers in use)', mb(held(after) - held(before)).toFixed(1)],
  );
  console.log(`\n${table}`);
  if (known < REMOTES) throw new Error(`only ${known} remotes were known`);
  return mb(after.rss - before.rss) < TARGET_REMOTES_MB;
}
