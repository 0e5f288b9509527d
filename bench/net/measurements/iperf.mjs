import { readFileSync } from 'node:fs';
import { busySeconds, cpuOfPrograms, cpuTimes } from '../proc.mjs';
import { fairness } from '../statistics.mjs';

const READY = /^Server listening/;
/** Payload of a datagram, in bytes: within packets of the MTU of the tunnel, 1280 bytes. */
const PAYLOAD = 1200;
const GIGABYTE = 1e9;

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
    return JSON.parse(await lab.exec('left', argv)).end;
  } finally {
    server.kill();
    await server.ended;
  }
}

/** Runs iperf3; what it received in bits a second, and CPU seconds for a gigabyte: of the programs, of all. */
async function transfer(lab, { target, programs }, words) {
  const machine = cpuTimes();
  const cpu = cpuOfPrograms(programs);
  const { sum_received: received } = await run(lab, target, words);
  const gigabytes = received.bytes / GIGABYTE;
  return {
    goodput: received.bits_per_second,
    cpu: (cpuOfPrograms(programs) - cpu) / gigabytes,
    machine: busySeconds(machine, cpuTimes()) / gigabytes,
  };
}

/**
 * Payload that TCP carries from left to right.
 *
 * @param warmUp - seconds before, not measured, in which windows open and code is compiled; 0 for none
 */
export async function tcpGoodput(lab, setting, seconds, warmUp) {
  if (warmUp > 0) await run(lab, setting.target, ['-t', wholeSeconds(warmUp)]);
  return await transfer(lab, setting, ['-t', wholeSeconds(seconds)]);
}

/** Payload of UDP from left to right, sent as fast as one system call for each datagram allows. */
export async function udpGoodput(lab, setting, seconds) {
  const sizes = ['-l', String(PAYLOAD), '-w', socketBuffer()];
  return await transfer(lab, setting, ['-u', '-b', '0', ...sizes, '-t', wholeSeconds(seconds)]);
}

/**
 * Streams of TCP in both directions at the same time.
 *
 * @param count - streams in each direction
 * @returns what all receive in bits a second, and the fairness of the direction where that is less
 */
export async function streams(lab, { target }, count, seconds) {
  const words = ['-P', String(count), '--bidir', '-t', wholeSeconds(seconds)];
  const end = await run(lab, target, words);
  const rates = (isSent) =>
    end.streams
      .filter(({ receiver }) => receiver.sender === isSent)
      .map(({ receiver }) => receiver.bits_per_second);
  const directions = [rates(true), rates(false)];
  return {
    goodput: directions.flat().reduce((sum, rate) => sum + rate, 0),
    fairness: Math.min(...directions.map(fairness)),
  };
}
