import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { parseIPv6 } from '@6bed4/codec';
import { NEXT_HEADER_TCP, sumBytes } from '@6bed4/nd';
import { TUN } from '@6bed4/testing/kernel/interfaces';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { EQUAL_TO_ZERO, GOOD } from '@6bed4/testing/kernel/tshark';
import type { RunningProgram } from '@6bed4/testing/runningProgram';

/** Milliseconds at which tcpdump writes captured packets, at least. */
const LATENCY = 1_100;
const FIELDS = [
  'frame.number',
  'ipv6.src',
  'ipv6.dst',
  'ipv6.plen',
  'tcp.checksum',
  'tcp.checksum.status',
  '_ws.expert.message',
] as const;

/** TCP segments that a daemon wrote to its interface, by their checksums. */
interface WrittenSegments {
  readonly complete: number;
  /** Sums over the pseudo-header, which the kernel completes where the segment leaves the host. */
  readonly partial: number;
  readonly faults: readonly string[];
}

/** A running capture of what a daemon writes to its interface. */
export class TunCapture {
  readonly #file: string;
  readonly #daemon: RunningProgram;

  private constructor(lab: Lab, label: string) {
    this.#file = join(lab.folder, 'tun.pcap');
    // biome-ignore format: one option with its value per line
    this.#daemon = lab.spawn(label, [
      'tcpdump', '-n', '-U',
      '-Z', 'root',
      '-i', TUN,
      '-Q', 'in',
      '-s', '0',
      '-B', '65536',
      '-w', this.#file,
      'ip6',
    ]);
  }

  static async start(lab: Lab, label: string): Promise<TunCapture> {
    const capture = new TunCapture(lab, label);
    await capture.#daemon.waitForLine(/listening on/);
    return capture;
  }

  async stop(): Promise<WrittenSegments> {
    await sleep(LATENCY);
    await this.#daemon.stop('SIGINT');
    const fields = FIELDS.flatMap((field) => ['-e', field]);
    const options = ['-o', 'tcp.check_checksum:TRUE', '-Y', 'tcp', '-T', 'fields', ...fields];
    const maxBuffer = 64 << 20;
    const arguments_ = ['-n', '-r', this.#file, ...options];
    const { stdout } = await promisify(execFile)('tshark', arguments_, { maxBuffer });
    const lines = stdout.split('\n').filter((line) => line !== '');
    const rows = lines.map((line) => line.split('\t'));
    const partial = rows.filter((row) => !isComplete(row));
    const faults = partial.filter((row) => !isPartial(row)).map((row) => `frame ${row.join(' ')}`);
    return { complete: rows.length - partial.length, partial: partial.length, faults };
  }
}

function isComplete(row: readonly string[]): boolean {
  const [status, remarks] = row.slice(5);
  return status === GOOD || EQUAL_TO_ZERO.test(remarks!);
}

/** Whether the checksum is the sum over the pseudo-header, as CHECKSUM_PARTIAL of Linux wants it. */
function isPartial([, source, destination, length, checksum]: readonly string[]): boolean {
  const addresses = [parseIPv6(source!), parseIPv6(destination!)];
  const rest = Number(length) + NEXT_HEADER_TCP;
  const sum = addresses.reduce((before, address) => sumBytes(address, 0, 16, before), rest);
  return sum === Number(checksum);
}
