/**
 * One stream from one end of this process to the other: a TCP connection of `node:net` on ::1, and
 * streams over datagram sockets of the system, over two tunnels on 127.0.0.1, and over a path that
 * loses and takes time, in turns. Run it with `npm run bench:streams`.
 */
import { createSocket } from 'node:dgram';
import { EventEmitter, once } from 'node:events';
import { connect, createServer } from 'node:net';
import { startRouter } from '@6bed4/node';
import { createStreamEndpoint, openTunnel } from '@6bed4/streams';
import Table from 'cli-table3';

const ROUNDS = 5;
const TARGET = 200;
const PIECE = Buffer.alloc(64 * 1024, 0x5a);
const RECEIVE_BUFFER = 1 << 21;

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Sends so many bytes one way; the Mbit/s at which they arrived, and the Mbit that a second of processor time carries. */
async function measure({ open, bytes }) {
  const [client, server] = await open();
  let left = bytes;
  let received = 0;
  const start = performance.now();
  const processor = process.cpuUsage();
  server.on('data', (data) => {
    received += data.length;
  });
  const fill = () => {
    while (left > 0) {
      const length = Math.min(left, PIECE.length);
      left -= length;
      if (!client.write(PIECE.subarray(0, length))) {
        client.once('drain', fill);
        return;
      }
    }
    client.end();
  };
  fill();
  client.resume();
  await once(server, 'end');
  const elapsed = performance.now() - start;
  const { user, system } = process.cpuUsage(processor);
  if (received !== bytes) throw new Error(`${received} of ${bytes} bytes arrived`);
  await once(client, 'close');
  return { rate: (bytes * 8) / 1000 / elapsed, efficiency: (bytes * 8) / (user + system) };
}

async function overTcp() {
  const listener = createServer();
  listener.listen(0, '::1');
  await once(listener, 'listening');
  return {
    title: 'node:net on ::1',
    bytes: 400e6,
    open: async () => {
      const accepted = once(listener, 'connection');
      const client = connect(listener.address().port, '::1');
      return [client, (await accepted)[0]];
    },
    close: () => listener.close(),
  };
}

async function bound(recvBufferSize) {
  const socket = createSocket({ type: 'udp6', ...(recvBufferSize && { recvBufferSize }) });
  socket.bind(0, '::1');
  await once(socket, 'listening');
  return socket;
}

/** Streams from one endpoint to another, on whatever sockets. */
async function overEndpoints(title, bytes, sockets) {
  const [near, far] = await Promise.all(sockets.map((socket) => createStreamEndpoint(socket)));
  const { address, port } = sockets[1].address();
  return {
    title,
    bytes,
    open: async () => {
      const accepted = once(far, 'connection');
      const client = near.connect({ address, port });
      return [client, (await accepted)[0]];
    },
    close: async () => {
      await Promise.all([near.close(), far.close()]);
      for (const socket of sockets) socket.close();
    },
  };
}

async function overTunnels(title, bytes, options) {
  const router = await startRouter({ listen: '127.0.0.1', port: 0 });
  const openOne = () => openTunnel({ routers: router.endpoint, listen: '127.0.0.1', ...options });
  const [left, right] = [await openOne(), await openOne()];
  const server = right.createServer();
  server.listen(0);
  await once(server, 'listening');
  if (options.policy !== 'prohibited') await left.waitForDirect(right.address);
  return {
    title,
    bytes,
    open: async () => {
      const accepted = once(server, 'connection');
      const client = left.connect({ host: right.address, port: server.address().port });
      return [client, (await accepted)[0]];
    },
    close: () => Promise.all([left.close(), right.close(), router.close()]),
  };
}

/** One end of a path inside this process, with the part of `dgram.Socket` that streams use. */
class PathEnd extends EventEmitter {
  constructor(address, loss, delay) {
    super();
    Object.assign(this, { place: { address, family: 'IPv6', port: 1 }, loss, delay, queue: [] });
  }

  send(message, _port, _address, callback) {
    queueMicrotask(() => callback(null));
    if (Math.random() < this.loss) return;
    this.queue.push({ bytes: Buffer.from(message), due: performance.now() + this.delay });
    this.timer ??= setTimeout(() => this.deliver(), this.delay);
  }

  deliver() {
    const now = performance.now();
    while (this.queue[0]?.due <= now)
      this.other.emit('message', this.queue.shift().bytes, this.place);
    const [next] = this.queue;
    this.timer = next && setTimeout(() => this.deliver(), next.due - now);
  }

  address = () => this.place;
  remoteAddress() {
    throw new Error('not connected');
  }
  ref() {}
  unref() {}
  close() {}
}

function path(loss, roundTrip) {
  const ends = ['2001:db8::1', '2001:db8::2'].map(
    (address) => new PathEnd(address, loss, roundTrip / 2),
  );
  ends[0].other = ends[1];
  ends[1].other = ends[0];
  return ends;
}

const candidates = [
  await overTcp(),
  await overEndpoints('stream on ::1', 60e6, [
    await bound(RECEIVE_BUFFER),
    await bound(RECEIVE_BUFFER),
  ]),
  await overEndpoints('stream on ::1, usual receive buffers', 60e6, [await bound(), await bound()]),
  await overTunnels('stream from tunnel to tunnel, direct', 40e6, {}),
  await overTunnels('stream from tunnel to tunnel, by the router', 40e6, { policy: 'prohibited' }),
  await overEndpoints('stream, 2 ms round trip, 2 % loss', 20e6, path(0.02, 2)),
  await overEndpoints('stream, 40 ms round trip, 2 % loss', 20e6, path(0.02, 40)),
];
for (const candidate of candidates) await measure({ ...candidate, bytes: 5e6 });
const results = candidates.map(() => []);
for (let round = 0; round < ROUNDS; round++) {
  for (const [index, candidate] of candidates.entries()) {
    results[index].push(await measure(candidate));
  }
}
await Promise.all(candidates.map(({ close }) => close()));

const table = new Table({
  head: ['', 'Mbit/s', 'lowest', 'highest', 'of TCP', 'target', 'Mbit per s of processor'],
});
for (const [index, { title }] of candidates.entries()) {
  const rates = results[index].map(({ rate }) => rate);
  const ratio = median(rates.map((rate, round) => rate / results[0][round].rate));
  table.push([
    title,
    Math.round(median(rates)),
    Math.round(Math.min(...rates)),
    Math.round(Math.max(...rates)),
    ratio.toFixed(3),
    index === 1 ? `>= ${TARGET} Mbit/s` : '',
    Math.round(median(results[index].map(({ efficiency }) => efficiency))),
  ]);
}
console.log(`One way, both ends in this process, medians of ${ROUNDS} rounds taken in turns\n`);
console.log(table.toString());
