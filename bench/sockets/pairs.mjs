import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const UNBLOCK_MS = 50;
const SETTLE_MS = 20;
const PAYLOAD = 1200;
/** Datagrams in flight at a time: few enough for any receive buffer. */
const WINDOW = 64;

/**
 * Sends as many datagrams as arrive, for a while.
 *
 * @returns the datagrams that arrived, the milliseconds that took, and microseconds of processor time of this process
 */
export async function transfer({ sender, receiver, port, address }, duration) {
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
  await new Promise((resolve) => setTimeout(resolve, duration));
  const datagrams = received;
  const milliseconds = performance.now() - start;
  const { user, system } = process.cpuUsage(used);
  stop = true;
  clearInterval(unblock);
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  receiver.off('message', count);
  return { datagrams, milliseconds, processor: user + system };
}

async function bound(socket) {
  socket.bind();
  await once(socket, 'listening');
  return socket;
}

/** Two sockets of `node:dgram`. */
export async function plainPair() {
  const [sender, receiver] = [await bound(createSocket('udp6')), await bound(createSocket('udp6'))];
  return { sender, receiver, port: receiver.address().port, address: '::1' };
}

/** Two sockets of `node:dgram` with a relay in another process between them. */
export async function relayedPair(port) {
  const pair = await plainPair();
  pair.receiver.send('', port, pair.address);
  return { ...pair, port };
}

/** Two sockets of two tunnels; with the policy `prohibited`, the router is always between them. */
export async function tunnelPair(openTunnel, { router, driver, policy }) {
  const open = () => openTunnel({ routers: router, listen: '127.0.0.1', driver, policy });
  const [left, right] = [await open(), await open()];
  const sender = await bound(left.createSocket('udp6'));
  const receiver = await bound(right.createSocket('udp6'));
  if (policy !== 'prohibited') await left.waitForDirect(right.address);
  return {
    sender,
    receiver,
    port: receiver.address().port,
    address: right.address,
  };
}
