/**
 * One TCP stream from one end of this process to the other: two stacks that hand each other packets, two tunnels on
 * 127.0.0.1, and paths that lose and take time; in turns with a connection of `node:net` on ::1. Run it with
 * `npm run bench:tcp`; with `-- --memory` only what idle connections take, with `-- --kernel` as root against TCP of
 * the kernel, with `-- --fairness` how flows share a bottleneck.
 */
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { loadavg } from 'node:os';
import { PerformanceObserver } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { openTunnel, startRouter } from '@6bed4/node';
import { TcpStack } from '@6bed4/tcp';
import Table from 'cli-table3';
import { compareFairness } from './fairness.mjs';
import { compareWithKernel } from './tcpKernel.mjs';

const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const PIECE = Buffer.alloc(64 * 1024, 0x5a);
/** Idle ends of connections in this process. */
const IDLE = 10_000;
const WARM_UP = 250;
const PORT = 80;
/** Payload of a datagram of the tunnel with a full segment, and what of it is data. */
const DATAGRAM = 1_280;
const SEGMENT = 1_208;
/** Datagrams in flight at a time: few enough for any receive buffer. */
const WINDOW = 64;
const ADDRESSES = [1, 2].map((last) => {
  const address = new Uint8Array(16);
  address.set([0xfc, 0x64]);
  address[15] = last;
  return address;
});

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** One direction of a path inside this process, which loses packets and takes time. */
class Path {
  #queue = [];
  #first = 0;
  #timer = null;

  /** Where packets arrive. */
  host = null;

  constructor(loss, delay) {
    Object.assign(this, { loss, delay });
  }

  send(bytes) {
    if (Math.random() < this.loss) return;
    this.#queue.push({ bytes, due: performance.now() + this.delay });
    this.#timer ??= setTimeout(() => this.#run(), this.delay);
  }

  #run() {
    const now = performance.now();
    while (this.#first < this.#queue.length && this.#queue[this.#first].due <= now) {
      this.host.receive(this.#queue[this.#first++].bytes);
    }
    this.host.flush();
    if (this.#first > 1_000) this.#queue.splice(0, this.#first);
    if (this.#first > this.#queue.length) this.#first = 0;
    if (this.#queue.length === 0) this.#first = 0;
    const next = this.#queue[this.#first];
    this.#timer = next === undefined ? null : setTimeout(() => this.#run(), next.due - now);
  }
}

/** A stack with a driver of a few lines. `send` takes packets. */
class Host {
  #timer = null;
  #timerAt = Number.POSITIVE_INFINITY;
  onEvent = () => {};

  constructor(address, send, options = {}) {
    this.address = address;
    this.events = [];
    this.stack = new TcpStack(
      { random: Math.random, ...options },
      {
        sendPacket: send,
        event: (connection, event) => this.events.push([connection, event]),
        accepted: (listener) => this.events.push([listener.accept(), 'open']),
      },
    );
  }

  receive(bytes, offset = 0, length = bytes.length) {
    this.stack.handlePacket(bytes, offset, length, performance.now(), true);
  }

  /** All is taken that has arrived together. */
  flush() {
    this.stack.flush(performance.now());
    this.settle();
  }

  settle() {
    for (let event = this.events.shift(); event !== undefined; event = this.events.shift()) {
      if (event[0] !== null) this.onEvent(...event);
    }
    const at = this.stack.nextTimeout();
    if (at >= this.#timerAt || at === Number.POSITIVE_INFINITY) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(
      () => {
        this.#timerAt = Number.POSITIVE_INFINITY;
        this.stack.handleTimeout(performance.now());
        this.settle();
      },
      Math.max(0, at - performance.now()),
    );
  }
}

/** Sends so many bytes from one host to the other; resolves when all have arrived. */
function transfer(near, far, bytes) {
  return new Promise((resolve, reject) => {
    let left = bytes;
    let received = 0;
    const into = new Uint8Array(PIECE.length);
    near.onEvent = (connection, event) => {
      if (event === 'closed' && connection.error !== null) reject(new Error(connection.error));
      if (event !== 'open' && event !== 'writable') return;
      while (left > 0) {
        const wanted = Math.min(left, PIECE.length);
        const count = connection.write(PIECE, 0, wanted, performance.now());
        left -= count;
        if (count < wanted) return;
      }
      connection.end(performance.now());
    };
    far.onEvent = (connection, event) => {
      if (event !== 'readable' && event !== 'open') return;
      for (;;) {
        const count = connection.read(into, 0, into.length, performance.now());
        received += count;
        if (count === 0) break;
      }
      if (!connection.isEnded) return;
      connection.end(performance.now());
      if (received === bytes) resolve();
      else reject(new Error(`${received} of ${bytes} bytes arrived`));
    };
    near.stack.connect(
      { address: near.address, port: 0 },
      { address: far.address, port: PORT },
      performance.now(),
    );
    near.settle();
  });
}

/** Two stacks in memory; `packets` counts. */
function inMemory() {
  const count = { packets: 0 };
  const ring = Array.from({ length: 4_096 }, () => ({ bytes: new Uint8Array(1_280), length: 0 }));
  let [head, tail, isRunning] = [0, 0, false];
  const hosts = ADDRESSES.map(
    (address, index) =>
      new Host(address, (bytes, offset, length) => {
        const slot = ring[tail++ & 4_095];
        slot.bytes.set(bytes.subarray(offset, offset + length));
        slot.length = length;
        slot.to = 1 - index;
        count.packets++;
      }),
  );
  const run = () => {
    if (isRunning) return;
    isRunning = true;
    while (head !== tail) {
      const slot = ring[head++ & 4_095];
      hosts[slot.to].receive(slot.bytes, 0, slot.length);
      if (head === tail || slot.to !== ring[head & 4_095].to) hosts[slot.to].flush();
    }
    isRunning = false;
  };
  for (const host of hosts) {
    const settle = host.settle.bind(host);
    host.settle = () => {
      settle();
      queueMicrotask(run);
    };
  }
  hosts[1].stack.listen(null, PORT);
  return { hosts, count };
}

function memoryCandidate() {
  return {
    title: 'two stacks in memory',
    bytes: 200e6,
    carry: async (bytes) => {
      const { hosts, count } = inMemory();
      await transfer(...hosts, bytes);
      return { packets: count.packets };
    },
    close: () => {},
  };
}

function pathCandidate(title, bytes, loss, roundTrip, options) {
  return {
    title,
    bytes,
    carry: async (length) => {
      const paths = [0, 1].map(() => new Path(loss, roundTrip / 2));
      const hosts = ADDRESSES.map(
        (address, index) =>
          new Host(
            address,
            (bytes, offset, size) => paths[index].send(bytes.slice(offset, offset + size)),
            options,
          ),
      );
      for (const [index, path] of paths.entries()) path.host = hosts[1 - index];
      hosts[1].stack.listen(null, PORT);
      await transfer(...hosts, length);
    },
    close: () => {},
  };
}

/** Sends over two sockets with the interface of `net.Socket`. */
async function carryOver([client, server], bytes) {
  let left = bytes;
  let received = 0;
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
  if (received !== bytes) throw new Error(`${received} of ${bytes} bytes arrived`);
  return () => once(client, 'close');
}

async function netCandidate() {
  const listener = createServer();
  listener.listen(0, '::1');
  await once(listener, 'listening');
  return {
    title: 'node:net on ::1',
    bytes: 400e6,
    carry: async (bytes) => {
      const accepted = once(listener, 'connection');
      const client = connect(listener.address().port, '::1');
      await carryOver([client, (await accepted)[0]], bytes);
    },
    close: () => listener.close(),
  };
}

/** Datagrams as large as those of the tunnel, by one call each: the bound of what goes by `node:dgram`. */
async function datagramCandidate() {
  const [sender, receiver] = [createSocket('udp4'), createSocket('udp4')];
  for (const socket of [sender, receiver]) socket.bind(0, '127.0.0.1');
  await Promise.all([once(sender, 'listening'), once(receiver, 'listening')]);
  const { port } = receiver.address();
  const payload = Buffer.alloc(DATAGRAM, 0x5a);
  return {
    title: `node:dgram, ${DATAGRAM} bytes a call`,
    bytes: 50e6,
    carry: (bytes) =>
      new Promise((resolve) => {
        let [sent, received] = [0, 0];
        const fill = () => {
          for (; sent - received < WINDOW; sent++) sender.send(payload, port, '127.0.0.1');
        };
        receiver.removeAllListeners('message').on('message', () => {
          received++;
          if (received * SEGMENT >= bytes) resolve();
          else if (sent - received <= WINDOW / 2) fill();
        });
        fill();
      }),
    close: () => [sender, receiver].forEach((socket) => void socket.close()),
  };
}

async function twoTunnels(options) {
  const router = await startRouter({ listen: '127.0.0.1', port: 0 });
  const openOne = () => openTunnel({ routers: router.endpoint, listen: '127.0.0.1', ...options });
  const [left, right] = [await openOne(), await openOne()];
  await left.waitForDirect(right.address);
  await right.waitForDirect(left.address);
  return { left, right, close: () => Promise.all([left.close(), right.close(), router.close()]) };
}

async function tunnelCandidate(title, options) {
  const { left, right, close } = await twoTunnels(options);
  const server = right.createServer();
  server.listen(0);
  await once(server, 'listening');
  return {
    title,
    bytes: 100e6,
    carry: async (bytes) => {
      const accepted = once(server, 'connection');
      const client = left.connect({ host: right.address, port: server.address().port });
      await carryOver([client, (await accepted)[0]], bytes);
    },
    close,
  };
}

/** Carries bytes once; its rates in Mbit/s, by time and by time of the processor. */
async function measure({ carry, bytes }, amount = bytes) {
  const start = performance.now();
  const processor = process.cpuUsage();
  const more = (await carry(amount)) ?? {};
  const elapsed = performance.now() - start;
  const { user, system } = process.cpuUsage(processor);
  const busy = user + system;
  return {
    rate: (amount * 8) / 1_000 / elapsed,
    efficiency: (amount * 8) / busy,
    perPacket: more.packets && busy / more.packets,
  };
}

async function candidates() {
  return [
    await netCandidate(),
    memoryCandidate(),
    await tunnelCandidate('TCP from tunnel to tunnel, direct', {}),
    await tunnelCandidate('the same by the portable driver', { driver: 'portable' }),
    await datagramCandidate(),
    pathCandidate('2 ms round trip, 2 % loss', 20e6, 0.02, 2),
    pathCandidate('40 ms round trip, 2 % loss', 20e6, 0.02, 40),
    pathCandidate('CUBIC, 40 ms round trip, 2 % loss', 2e6, 0.02, 40, { congestion: 'cubic' }),
  ];
}

async function compare() {
  const all = await candidates();
  for (const one of all) await measure(one, Math.min(one.bytes, 5e6));
  let collections = 0;
  new PerformanceObserver((list) => {
    collections += list.getEntries().length;
  }).observe({ entryTypes: ['gc'] });
  const results = all.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, one] of all.entries()) results[index].push(await measure(one));
  }
  const table = new Table({
    head: ['', 'Mbit/s', 'lowest', 'highest', 'of net', 'Mbit per s of processor'],
  });
  for (const [index, { title }] of all.entries()) {
    const rates = results[index].map(({ rate }) => rate);
    const of = (other) => median(rates.map((rate, round) => rate / results[other][round].rate));
    table.push([
      title,
      Math.round(median(rates)),
      Math.round(Math.min(...rates)),
      Math.round(Math.max(...rates)),
      of(0).toFixed(3),
      Math.round(median(results[index].map(({ efficiency }) => efficiency))),
    ]);
  }
  const [, memory] = results;
  console.log(`One way, both ends in this process, medians of ${ROUNDS} rounds taken in turns`);
  console.log(`load ${loadavg()[0].toFixed(1)}, ${collections} garbage collections\n`);
  console.log(table.toString());
  const each = median(memory.map(({ perPacket }) => perPacket));
  console.log(`\nin memory, a packet takes ${each.toFixed(2)} µs of both stacks together`);
  await Promise.all(all.map(({ close }) => close()));
}

const used = () => {
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return [heapUsed + arrayBuffers, rss];
};

function printMemory(title, ends, before) {
  const [bytes, rss] = used().map((value, index) => value - before[index]);
  console.log(`${title}, both ends in this process: ${ends} ends`);
  console.log(
    `  ${(bytes / 1e6).toFixed(1)} MB used, ${(bytes / ends / 1_000).toFixed(2)} kB an end`,
  );
  console.log(`  resident memory grew by ${(rss / 1e6).toFixed(1)} MB`);
}

/** Memory of idle connections of stacks, after each has carried something. */
async function idleStacks() {
  const { hosts } = inMemory();
  const into = new Uint8Array(1_000);
  const [near, far] = hosts;
  const connections = new Set();
  near.onEvent = (connection, event) => {
    connections.add(connection);
    if (event === 'open') connection.write(PIECE, 0, 1_000, performance.now());
  };
  far.onEvent = (connection) => {
    connections.add(connection);
    connection.read(into, 0, into.length, performance.now());
  };
  const before = used();
  for (let count = 0; count < IDLE / 2; count++) {
    const local = { address: near.address, port: 0 };
    near.stack.connect(local, { address: far.address, port: PORT }, performance.now());
    near.settle();
    if (count % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  printMemory(`${connections.size / 2} idle connections of stacks`, connections.size, before);
}

/** Memory of idle sockets over a tunnel, likewise. */
async function idleSockets() {
  const { left, right, close } = await twoTunnels({});
  const server = right.createServer();
  server.listen(0);
  await once(server, 'listening');
  const { port } = server.address();
  const sockets = [];
  server.on('connection', (socket) => {
    sockets.push(socket);
    socket.resume();
  });
  const open = async (pairs) => {
    for (let count = 0; count < pairs; count++) {
      const socket = left.connect({ host: right.address, port });
      socket.resume();
      socket.write(PIECE.subarray(0, 1_000));
      sockets.push(socket);
      if (count % 50 === 0) await once(socket, 'connect');
    }
    await new Promise((resolve) => setTimeout(resolve, 3_000));
  };
  // What tunnels and code take is not that of connections.
  await open(WARM_UP);
  const before = used();
  await open(IDLE / 2);
  const ends = sockets.length - 2 * WARM_UP;
  printMemory(`${ends / 2} idle sockets`, ends, before);
  await close();
}

/** Does something in a process of its own, whose memory is nobody else's. */
function separately(option) {
  const argv = ['--expose-gc', fileURLToPath(import.meta.url), option];
  execFileSync(process.execPath, argv, { stdio: 'inherit' });
}

const [, , option] = process.argv;
if (option === '--kernel') await compareWithKernel();
else if (option === '--fairness') compareFairness();
else if (option === '--idle-stacks') await idleStacks();
else if (option === '--idle-sockets') await idleSockets();
else {
  if (option !== '--memory') await compare();
  separately('--idle-stacks');
  separately('--idle-sockets');
}
process.exit();
