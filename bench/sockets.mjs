/**
 * Datagrams between two programs in one process, over sockets of `node:dgram` on ::1 and over sockets of
 * two 6bed4 tunnels on 127.0.0.1, taken in turns; and the memory of remotes. Run it with
 * `npm run bench:sockets`.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { formatIPv6, parseIPv6 } from '@6bed4/codec';
import { memoryNetwork, openTunnel, startRouter } from '@6bed4/node';
import Table from 'cli-table3';

const ROUNDS = 25;
const ROUND_MS = 250;
const UNBLOCK_MS = 50;
const PAYLOAD = 1200;
/** Datagrams in flight at a time: few enough for any receive buffer. */
const WINDOW = 64;
const TARGET_RATIO = 0.8;
const REMOTES = 10_000;
const TARGET_REMOTES_MB = 64;

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/**
 * Sends as many datagrams as arrive, for a while.
 *
 * @returns the datagrams a second that arrived, and the microseconds of processor time for each
 */
async function measure({ sender, receiver, port, address }) {
  const payload = Buffer.alloc(PAYLOAD, 0x5a);
  let sent = 0;
  let received = 0;
  const fill = () => {
    while (sent - received < WINDOW) {
      sender.send(payload, port, address);
      sent++;
    }
  };
  let stop = false;
  const count = () => {
    received++;
    if (!stop && sent - received <= WINDOW / 2) fill();
  };
  receiver.on('message', count);
  // Lost datagrams must not count as in flight.
  let before = 0;
  const unblock = setInterval(() => {
    if (received === before) {
      sent = received;
      fill();
    }
    before = received;
  }, UNBLOCK_MS);
  const start = performance.now();
  const used = process.cpuUsage();
  fill();
  await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
  const rate = (received / (performance.now() - start)) * 1000;
  const { user, system } = process.cpuUsage(used);
  const cost = (user + system) / received;
  stop = true;
  clearInterval(unblock);
  await new Promise((resolve) => setTimeout(resolve, 20));
  receiver.off('message', count);
  return { rate, cost };
}

async function bound(socket) {
  socket.bind();
  await once(socket, 'listening');
  return socket;
}

async function plain() {
  const [sender, receiver] = [await bound(createSocket('udp6')), await bound(createSocket('udp6'))];
  return {
    title: 'node:dgram udp6 on ::1',
    pair: { sender, receiver, port: receiver.address().port, address: '::1' },
    close: () => [sender, receiver].forEach((socket) => void socket.close()),
  };
}

async function tunnelled(title, options) {
  const router = await startRouter({ listen: '127.0.0.1', port: 0 });
  const open = () => openTunnel({ routers: router.endpoint, listen: '127.0.0.1', ...options });
  const [left, right] = [await open(), await open()];
  const [sender, receiver] = [
    await bound(left.createSocket('udp6')),
    await bound(right.createSocket('udp6')),
  ];
  if (options.policy !== 'prohibited') await left.waitForDirect(right.address);
  return {
    title,
    pair: { sender, receiver, port: receiver.address().port, address: right.address },
    path: () => left.path(right.address)?.path,
    close: () => Promise.all([left.close(), right.close(), router.close()]),
  };
}

async function rates() {
  const candidates = [
    await plain(),
    await tunnelled('tunnel to tunnel, direct path', {}),
    await tunnelled('tunnel to tunnel, by the router', { policy: 'prohibited' }),
  ];
  for (const { pair } of candidates) await measure(pair);
  const results = candidates.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, { pair }] of candidates.entries()) results[index].push(await measure(pair));
  }
  const table = new Table({
    head: ['sockets', 'datagrams/s', 'Mbit/s', 'lowest', 'highest', 'µs each', 'ratio', 'target'],
  });
  const ratio = (index) =>
    median(results[index].map(({ rate }, round) => rate / results[0][round].rate));
  for (const [index, { title }] of candidates.entries()) {
    const found = results[index].map(({ rate }) => rate);
    const typical = median(found);
    table.push([
      title,
      Math.round(typical),
      Math.round((typical * PAYLOAD * 8) / 1e6),
      Math.round(Math.min(...found)),
      Math.round(Math.max(...found)),
      median(results[index].map(({ cost }) => cost)).toFixed(1),
      ratio(index).toFixed(2),
      index === 1 ? `>= ${TARGET_RATIO}` : '',
    ]);
  }
  console.log(`${PAYLOAD}-byte payloads, one way, medians of ${ROUNDS} rounds taken in turns\n`);
  console.log(table.toString());
  if (candidates[1].path() !== 'direct') throw new Error('the direct path was not used');
  if (candidates[2].path() === 'direct') throw new Error('the router was not used');
  for (const { close } of candidates) await close();
  return ratio(1) >= TARGET_RATIO;
}

/** One socket sends to ten thousand remotes, none of which exists. */
async function memory() {
  const network = memoryNetwork({
    forward: ({ source, destination }) => source.port === 25790 || destination.port === 25790,
  });
  const router = await startRouter({ datagrams: network.bind('198.51.100.1', 25790) });
  const tunnel = await openTunnel({
    routers: router.endpoint,
    datagrams: network.bind('203.0.113.1'),
    peering: { maxRemotes: 16_384 },
  });
  const socket = await bound(tunnel.createSocket('udp6'));
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

const results = [];
if (process.argv.includes('--memory')) results.push(await memory());
else results.push(await rates());
process.exitCode = results.every(Boolean) ? 0 : 1;
