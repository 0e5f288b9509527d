/*
 * npm run bench:gateway: what a gateway carries, by TCP and by datagrams, next to UDP in the same run, and the memory that its
 * clients take.
 * Router, gateway and both ends are processes of their own on loopback; the gateway has TLS.
 */
import { execFileSync, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { offeredSubprotocols } from '@6bed4/gateway';
import { openTunnel, startGateway, startRouter } from '@6bed4/node';
import { WebSocket } from 'ws';

const HOST = '127.0.0.1';
const ROUNDS = 3;
const SECONDS = 4;
const CLIENTS = 1000;
const PER_ADDRESS = 16;
const MEGABIT = 125_000;
const ECHO = 7;
const SINK = 9;
const FLOOD = 10;
const DATAGRAM = 1200;
const BURST = 64;

const say = (value) => process.send(value);
const heard = (child) => new Promise((resolve) => child.once('message', resolve));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const median = (values) => values.sort((one, other) => one - other)[Math.floor(values.length / 2)];

/** Milliseconds that a process has computed, in ticks of 10. */
function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** What each process does; the first message that it sends says that it is ready. */
const roles = {
  async router() {
    const router = await startRouter({ listen: HOST, port: 0 });
    say(router.endpoint);
  },

  async gateway({ router, folder }) {
    const gateway = await startGateway({
      routers: router,
      publicAddress: HOST,
      ports: { first: 20_000, last: 29_999 },
      web: { host: HOST, port: 0 },
      tls: { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') },
      rate: 100_000,
      maxClients: CLIENTS + 10,
    });
    say(gateway.report().web);
    process.on('message', () => {
      globalThis.gc?.();
      say({ rss: process.memoryUsage().rss, report: gateway.report() });
    });
  },

  async server({ router }) {
    const tunnel = await openTunnel({ routers: router, peering: { strategy: 'via-router' } });
    tunnel.ref();
    const echo = tunnel.createSocket('udp6', (message, { port, address }) => {
      echo.send(message, port, address);
    });
    echo.bind(ECHO);
    tunnel.createServer((socket) => socket.resume()).listen(SINK);
    let received = 0;
    tunnel
      .createSocket('udp6', (message) => {
        received += message.length;
      })
      .bind(FLOOD);
    process.on('message', () => say({ received }));
    say(tunnel.address);
  },

  /** Sends for some seconds by TCP, and measures the round trip of datagrams meanwhile. */
  async client({ router, server, gateway }) {
    const uplink = gateway === null ? 'udp' : 'wss';
    const options = gateway === null ? {} : { gateway };
    const strategy = 'via-router';
    const tunnel = await openTunnel({ routers: router, uplink, ...options, peering: { strategy } });
    const sent = new Map();
    const trips = [];
    const probe = tunnel.createSocket('udp6', (message) => {
      const at = sent.get(message.readUInt32BE(0));
      if (at !== undefined) trips.push(performance.now() - at);
    });
    await new Promise((resolve) => probe.bind(0, resolve));
    let number = 0;
    const send = () => {
      const message = Buffer.alloc(100);
      message.writeUInt32BE(++number);
      sent.set(number, performance.now());
      probe.send(message, ECHO, server);
    };
    for (let count = 0; count < 20; count++) {
      send();
      await sleep(10);
    }
    const idle = median(trips.splice(0));
    const socket = tunnel.connect(SINK, server);
    await new Promise((resolve) => socket.once('connect', resolve));
    const chunk = Buffer.alloc(65_536);
    let isOver = false;
    const write = () => {
      while (!isOver && socket.write(chunk));
      if (!isOver) socket.once('drain', write);
    };
    write();
    await sleep(1000);
    trips.length = 0;
    const probes = setInterval(send, 20);
    const [began, before] = [performance.now(), socket.bytesWritten - socket.writableLength];
    await sleep(SECONDS * 1000);
    const bytes = socket.bytesWritten - socket.writableLength - before;
    const rate = bytes / ((performance.now() - began) / 1000) / MEGABIT;
    isOver = true;
    clearInterval(probes);
    socket.destroy();
    say({ rate, idle, loaded: median([...trips]), worst: Math.max(...trips) });
    await sleep(100);
    process.exit();
  },

  /** Sends as many datagrams as it can for some seconds. */
  async flood({ router, server, gateway }) {
    const uplink = gateway === null ? 'udp' : 'wss';
    const options = gateway === null ? {} : { gateway };
    const tunnel = await openTunnel({
      ...{ routers: router, uplink, ...options },
      peering: { strategy: 'via-router' },
    });
    const socket = tunnel.createSocket('udp6');
    await new Promise((resolve) => socket.bind(0, resolve));
    const payload = Buffer.alloc(DATAGRAM);
    const end = performance.now() + SECONDS * 1000;
    while (performance.now() < end) {
      for (let count = 0; count < BURST; count++) socket.send(payload, FLOOD, server);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await sleep(300);
    say(true);
    await sleep(100);
    process.exit();
  },

  /** Holds many connections, each of which says something once a second. */
  async clients({ gateway }) {
    const all = [];
    for (let count = 0; count < CLIENTS; count++) {
      const localAddress = `127.0.1.${1 + Math.floor(count / PER_ADDRESS)}`;
      const offered = offeredSubprotocols({ token: null, resume: null });
      const socket = new WebSocket(gateway, offered, { localAddress, perMessageDeflate: false });
      await new Promise((resolve, reject) => {
        socket.once('message', resolve);
        socket.once('close', (code, reason) => reject(new Error(`${code} ${reason}`)));
      });
      all.push(socket);
    }
    setInterval(() => {
      for (const socket of all) socket.send(new Uint8Array(4));
    }, 1000);
    say(all.length);
  },
};

async function main() {
  const folder = mkdtempSync(join(tmpdir(), '6bed4-bench-gateway-'));
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
  execFileSync('openssl', ['req', '-x509', ...key, ...names, ...files], { stdio: 'ignore' });
  const children = [];
  const start = async (role, settings = {}) => {
    const child = fork(fileURLToPath(import.meta.url), [role, JSON.stringify(settings)], {
      execArgv: ['--expose-gc'],
      env: { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem') },
    });
    children.push(child);
    return { child, said: await heard(child) };
  };
  try {
    const { said: router } = await start('router');
    const { child: process, said: web } = await start('gateway', { router, folder });
    const gateway = `wss://${HOST}:${web.port}/6bed4`;
    const { child: sink, said: server } = await start('server', { router });
    const received = async () => {
      sink.send('report');
      return (await heard(sink)).received;
    };
    const flooded = { udp: [], wss: [] };
    const found = { udp: [], wss: [] };
    for (let round = 0; round < ROUNDS; round++) {
      for (const uplink of ['udp', 'wss']) {
        const settings = { router, server, gateway: uplink === 'udp' ? null : gateway };
        found[uplink].push((await start('client', settings)).said);
        const [before, cpu] = [await received(), cpuOf(process.pid)];
        await start('flood', settings);
        const bytes = (await received()) - before;
        const cost = ((cpuOf(process.pid) - cpu) / bytes) * 1e6;
        flooded[uplink].push({ rate: bytes / SECONDS / MEGABIT, cost });
      }
    }
    const text = (uplink, field, unit) =>
      `${median(found[uplink].map((one) => one[field])).toFixed(1)} ${unit}`;
    for (const uplink of ['udp', 'wss']) {
      console.log(
        `${uplink}: ${text(uplink, 'rate', 'Mbit/s')}, round trip ${text(uplink, 'idle', 'ms')} idle, ` +
          `${text(uplink, 'loaded', 'ms')} under load, ${text(uplink, 'worst', 'ms')} at worst`,
      );
    }
    const ratios = found.wss.map(({ rate }, round) => rate / found.udp[round].rate);
    console.log(`ratio of the rates, by round: ${ratios.map((one) => one.toFixed(2)).join(' ')}`);
    const floods = ['udp', 'wss'].map((uplink) => median(flooded[uplink].map(({ rate }) => rate)));
    const floodRatios = flooded.wss.map(({ rate }, round) => rate / flooded.udp[round].rate);
    const cost = median(flooded.wss.map((one) => one.cost));
    console.log(
      `datagrams: udp ${floods[0].toFixed(0)} Mbit/s, wss ${floods[1].toFixed(0)} Mbit/s, ` +
        `ratio ${floodRatios.map((one) => one.toFixed(2)).join(' ')}; ` +
        `the gateway computes ${cost.toFixed(1)} ms for a megabyte`,
    );
    process.send('report');
    const before = await heard(process);
    await start('clients', { gateway });
    await sleep(5000);
    process.send('report');
    const after = await heard(process);
    const { connected } = after.report.clients;
    const each = (after.rss - before.rss) / connected / 1024;
    console.log(
      `${connected} clients with TLS: ${each.toFixed(1)} kB each, ${(after.rss / 2 ** 20).toFixed(0)} MB in all`,
    );
  } finally {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

const [role, settings] = process.argv.slice(2);
if (role === undefined) await main();
else await roles[role](JSON.parse(settings));
