/**
 * TCP of a program against TCP of the kernel, which has an interface of a peer; both ways, in turns with the kernel
 * at both ends, over interfaces and on ::1. Needs root: makes two network namespaces, and removes them. Run it with
 * `npm run bench:tcp -- --kernel`.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { openTunnel, startPeer, startRouter } from '@6bed4/node';
import Table from 'cli-table3';

const FILE = fileURLToPath(import.meta.url);
const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const PIECE = Buffer.alloc(64 * 1024, 0x5a);
const NEAR = '198.51.100.1';
const FAR = '198.51.100.2';
const PORT = 5_000;
const UPLOAD = 'u';
const DOWNLOAD = 'd';
const LEAST_MBITS = 366;

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

async function send(socket, bytes) {
  for (let left = bytes; left > 0; left -= PIECE.length) {
    if (!socket.write(PIECE.subarray(0, Math.min(left, PIECE.length)))) await once(socket, 'drain');
  }
  socket.end();
}

/** Reads to the end; the number of bytes. */
async function receive(socket) {
  let received = 0;
  socket.on('data', (data) => {
    received += data.length;
  });
  await once(socket, 'end');
  return received;
}

/** Takes what is uploaded and tells how much that was, or sends as much as is wanted. */
function serve(socket) {
  socket.once('data', async (request) => {
    const [kind, size] = request.toString('latin1').split(' ');
    if (kind === DOWNLOAD) {
      socket.resume();
      await send(socket, Number(size));
      return;
    }
    socket.write('?');
    socket.end(`${await receive(socket)}`);
  });
  socket.on('error', (error) => {
    throw error;
  });
}

/** Mbit/s of one connection. */
async function measure(open, kind, bytes) {
  const socket = open();
  await once(socket, 'connect');
  socket.write(`${kind} ${bytes}`);
  let start = performance.now();
  let received;
  if (kind === DOWNLOAD) received = await receive(socket);
  else {
    await once(socket, 'data');
    start = performance.now();
    let answer = '';
    socket.on('data', (data) => {
      answer += data.toString('latin1');
    });
    await Promise.all([send(socket, bytes), once(socket, 'end')]);
    received = Number(answer);
  }
  if (received !== bytes) throw new Error(`${received} of ${bytes} bytes arrived`);
  socket.end();
  return (bytes * 8) / 1_000 / (performance.now() - start);
}

/** The other host: a peer with an interface, and a program that uses it. */
async function far() {
  const peer = await startPeer({ routers: NEAR, listen: FAR, tun: '6bed4', defaultRoute: true });
  const { address } = await peer.ready;
  const server = createServer({ allowHalfOpen: true }, serve);
  server.listen(PORT, '::');
  await once(server, 'listening');
  process.send({ address });
  process.once('disconnect', () => process.exit());
}

/** Waits until packets go directly. */
async function becomeDirect(open, path) {
  for (let tries = 0; tries < 20 && path() !== 'direct'; tries++) {
    await measure(open, UPLOAD, 1_000);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  if (path() !== 'direct') throw new Error('the direct path was not found');
}

async function candidates(address) {
  const tunnel = await openTunnel({ routers: NEAR, listen: NEAR });
  const peer = await startPeer({ routers: NEAR, listen: NEAR, tun: '6bed4', defaultRoute: true });
  await peer.ready;
  const local = createServer({ allowHalfOpen: true }, serve);
  local.listen(0, '::1');
  await once(local, 'listening');
  const overTunnel = () => tunnel.connect({ host: address, port: PORT });
  const overTun = () => connect({ host: address, port: PORT, localAddress: peer.address });
  const onLoopback = () => connect(local.address().port, '::1');
  await becomeDirect(overTunnel, () => tunnel.path(address)?.path);
  await measure(overTun, UPLOAD, 1e6);
  return [
    { title: 'node:net on ::1', open: onLoopback, kind: UPLOAD, bytes: 400e6 },
    { title: 'kernel to kernel over TUN', open: overTun, kind: UPLOAD, bytes: 200e6 },
    { title: 'library to kernel', open: overTunnel, kind: UPLOAD, bytes: 100e6, isTarget: true },
    { title: 'kernel to library', open: overTunnel, kind: DOWNLOAD, bytes: 100e6, isTarget: true },
  ];
}

async function near() {
  const router = await startRouter({ listen: NEAR });
  process.send({ router: router.endpoint });
  const [{ address }] = await once(process, 'message');
  const all = await candidates(address);
  const results = all.map(() => []);
  for (const { open, kind, bytes } of all) await measure(open, kind, bytes / 10);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, { open, kind, bytes }] of all.entries()) {
      results[index].push(await measure(open, kind, bytes));
    }
  }
  const head = ['', 'Mbit/s', 'lowest', 'highest', 'of net', 'of kernel over TUN', 'target'];
  const table = new Table({ head });
  for (const [index, { title, isTarget }] of all.entries()) {
    const rates = results[index];
    const of = (other) => median(rates.map((rate, round) => rate / results[other][round]));
    table.push([
      title,
      Math.round(median(rates)),
      Math.round(Math.min(...rates)),
      Math.round(Math.max(...rates)),
      of(0).toFixed(3),
      of(1).toFixed(2),
      isTarget ? `>= ${LEAST_MBITS}` : '',
    ]);
  }
  console.log(`Two network namespaces, direct path, medians of ${ROUNDS} rounds taken in turns`);
  console.log(`load ${loadavg()[0].toFixed(1)}\n`);
  console.log(table.toString());
  process.exit();
}

function ip(...words) {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Runs this file as one of the hosts. */
function host(namespace, role) {
  const argv = ['netns', 'exec', namespace, process.execPath, FILE, role];
  const child = spawn('ip', argv, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child.once('exit', (code) => {
    if (code !== 0) process.exitCode = code ?? 1;
  });
  return child;
}

/** Measures in namespaces of its own. */
export async function compareWithKernel() {
  const names = ['near', 'far'].map((label) => `6bed4-${process.pid}-${label}`);
  const children = [];
  const dispose = () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const name of names.splice(0)) {
      try {
        execFileSync('ip', ['netns', 'delete', name], { stdio: 'ignore' });
      } catch {
        // It was never made.
      }
    }
  };
  process.once('exit', dispose);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
  const [left, right] = names;
  for (const name of [left, right]) {
    ip('netns', 'add', name);
    ip('-n', name, 'link', 'set', 'lo', 'up');
  }
  ip('-n', left, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', right);
  for (const [name, address] of [
    [left, NEAR],
    [right, FAR],
  ]) {
    ip('-n', name, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
    ip('-n', name, 'link', 'set', 'eth0', 'up');
  }
  const one = host(left, 'near');
  children.push(one);
  await once(one, 'message');
  const other = host(right, 'far');
  children.push(other);
  const [message] = await once(other, 'message');
  one.send(message);
  await once(one, 'exit');
}

if (process.argv[1] === FILE) await (process.argv[2] === 'far' ? far() : near());
