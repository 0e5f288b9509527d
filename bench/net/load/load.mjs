import { fileURLToPath } from 'node:url';
import { CUTTER, LEFT, RIGHT, ROUTER, SINK_PORT, SPREAD } from '../lab.mjs';
import { cpuSeconds, receivedOn } from '../proc.mjs';
import { sleep } from '../sleep.mjs';
import { frameBetween } from './frames.mjs';

const SENDER = fileURLToPath(new URL('./sender.mjs', import.meta.url));
const RECEIVER = fileURLToPath(new URL('./receiveOne.mjs', import.meta.url));

const SOURCE_PORT = 40_002;
const ROUTER_PORT = 25_790;
const PROBE_PORT = 40_004;
/** Headers of Ethernet, IPv4 and UDP: once a frame, or once for coalesced frames. */
const OUTER_HEADERS = 14 + 20 + 8;
const HOP_LIMIT = 7;
const WARM_UP_MS = 300;

/** The most frames to send as one: 64, of 65,507 bytes together. */
const coalescedCount = (size) => Math.min(64, Math.floor(65_507 / size));

/**
 * The host and batching of the sender. The cheapest way to send many frames is to let the kernel segment
 * them, which a flood needs to exceed what a router can relay; where it segments decides whether they
 * arrive coalesced.
 */
function chooseSender({ size, rate, coalesced }) {
  if (rate > 0) return { label: 'left', address: LEFT, together: 0 };
  const together = coalescedCount(size);
  return coalesced
    ? { label: 'left', address: LEFT, together }
    : { label: 'cutter', address: CUTTER, together };
}

function startSender(lab, destinations, load) {
  const { size, rate } = load;
  const { label, address, together } = chooseSender(load);
  const from = { address, port: SOURCE_PORT };
  const frames = destinations.map((to) => frameBetween(from, to, size));
  const order = {
    from,
    to: { address: ROUTER, port: ROUTER_PORT },
    frames: frames.map((frame) => Buffer.from(frame).toString('base64')),
    rate,
    coalesced: together,
  };
  return lab.spawn(label, [process.execPath, SENDER, JSON.stringify(order)]);
}

/**
 * Checks that a router relays: a frame has to arrive as it was sent, with its hop limit one less.
 */
export async function checkRelay(lab) {
  const to = { address: RIGHT, port: PROBE_PORT };
  const argv = [process.execPath, RECEIVER, to.address, String(to.port)];
  const receiver = lab.spawn('right', argv);
  await receiver.waitForLine(/^listening/);
  const sender = startSender(lab, [to], { size: 100, rate: 50 });
  try {
    const { line } = await receiver.waitForLine(/^[A-Za-z0-9+/]{20,}=*$/);
    const expected = frameBetween({ address: LEFT, port: SOURCE_PORT }, to, 100);
    expected[HOP_LIMIT]--;
    if (line !== Buffer.from(expected).toString('base64')) {
      throw new Error(`the router changed the frame: ${line}`);
    }
  } finally {
    receiver.kill();
    sender.kill();
  }
}

/** Number of frames that an interface received; coalesced frames share their outer headers. */
function framesOn(lab, label, size, since = { bytes: 0, packets: 0 }) {
  const now = receivedOn('eth0', lab.holderOf(label));
  const packets = now.packets - since.packets;
  return { ...now, frames: (now.bytes - since.bytes - packets * OUTER_HEADERS) / size };
}

/**
 * Offers frames to a router and counts what arrives behind it.
 *
 * @param pid - the router's process
 * @param load - `size` in bytes; `rate` in frames a second, 0 for as many as possible; `coalesced` to
 *   send many as one; `spread` to send to 16 destinations in turn
 * @param seconds - duration of the measurement
 * @returns frames a second offered and relayed, and CPU microseconds of the router for a frame relayed
 */
export async function measureRelay(lab, pid, load, seconds) {
  const addresses = load.spread ? SPREAD : [RIGHT];
  const destinations = addresses.map((address) => ({ address, port: SINK_PORT }));
  const sender = startSender(lab, destinations, load);
  try {
    await sender.waitForLine(/^sending/);
    await sleep(WARM_UP_MS);
    const cpu = cpuSeconds(pid);
    const offered = framesOn(lab, 'router', load.size);
    const relayed = framesOn(lab, 'right', load.size);
    const start = performance.now();
    await sleep(seconds * 1000);
    const framesRelayed = framesOn(lab, 'right', load.size, relayed).frames;
    const framesOffered = framesOn(lab, 'router', load.size, offered).frames;
    const took = (performance.now() - start) / 1000;
    const cpuTaken = cpuSeconds(pid) - cpu;
    if (!sender.running) throw new Error(sender.complaint('ended early'));
    return {
      offered: framesOffered / took,
      relayed: framesRelayed / took,
      cpuPerFrame: (cpuTaken * 1e6) / framesRelayed,
      cores: cpuTaken / took,
    };
  } finally {
    sender.kill();
    await sender.ended;
  }
}
