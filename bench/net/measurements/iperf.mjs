import { readFileSync } from 'node:fs';

const READY = /^Server listening/;
/** Headers of IPv6 and UDP, within packets of the tunnel's MTU of 1280 bytes. */
const TUNNEL_PAYLOAD = 1232;

/** Receive buffer for bursts while the receiver waits, as far as the system allows, in bytes. */
const SOCKET_BUFFER = 4 << 20;

/** iperf3 reads integers, and 0 as "for ever". */
const wholeSeconds = (seconds) => String(Math.ceil(seconds));

function socketBuffer() {
  const limits = ['rmem_max', 'wmem_max'].map((name) =>
    Number(readFileSync(`/proc/sys/net/core/${name}`, 'utf8')),
  );
  return String(Math.min(SOCKET_BUFFER, ...limits));
}

async function run(lab, target, words) {
  const server = lab.spawn('right', ['iperf3', '-s', '-1', '-p', '5201', '--forceflush']);
  try {
    await server.waitForLine(READY);
    const argv = ['iperf3', '-c', target, '-p', '5201', '-J', ...words];
    return JSON.parse(await lab.exec('left', argv));
  } finally {
    server.kill();
    await server.ended;
  }
}

/**
 * Payload that TCP carries from left to right, in bits a second as the receiver sees it.
 *
 * @param warmUp - seconds before, not measured, in which windows open and code is compiled
 */
export async function tcpGoodput(lab, { target }, seconds, warmUp) {
  const words = ['-t', wholeSeconds(seconds), '-O', wholeSeconds(warmUp)];
  const { end } = await run(lab, target, words);
  return end.sum_received.bits_per_second;
}

/**
 * Payload of UDP from left to right, sent as fast as one system call for each datagram allows, in
 * bits a second as the receiver sees it.
 */
export async function udpGoodput(lab, { target }, seconds, payload = TUNNEL_PAYLOAD) {
  const sizes = ['-l', String(payload), '-w', socketBuffer()];
  const words = ['-u', '-b', '0', ...sizes, '-t', wholeSeconds(seconds)];
  const { end } = await run(lab, target, words);
  return end.sum_received.bits_per_second;
}
