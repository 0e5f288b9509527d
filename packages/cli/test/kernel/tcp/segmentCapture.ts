import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Lab } from '@6bed4/testing/kernel/lab';
import type { RunningProgram } from '@6bed4/testing/runningProgram';

/** Milliseconds without a packet in its file after which a capture has all of them. */
const QUIET = 150;

const FIELDS = [
  'frame.number',
  'ipv6.src',
  'tcp.stream',
  'tcp.flags',
  'tcp.seq',
  'tcp.ack',
  'tcp.len',
  'tcp.window_size',
  'tcp.window_size_scalefactor',
  'tcp.checksum.status',
  'tcp.options.timestamp.tsval',
  'tcp.options.timestamp.tsecr',
  'tcp.options.mss_val',
  'tcp.options.sack_perm',
  'tcp.options.sack_le',
  'tcp.options.sack_re',
  'ipv6.tclass.ecn',
  '_ws.malformed',
  '_ws.expert.message',
] as const;

/** A captured segment as tshark dissects it; sequence numbers count from those of the SYNs. */
export interface CapturedSegment {
  readonly number: number;
  readonly source: string;
  readonly stream: number;
  readonly flags: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly length: number;
  /** Bytes, scaled. */
  readonly window: number;
  /** Bytes that one more in the field of the window means. */
  readonly windowUnit: number;
  readonly hasGoodChecksum: boolean;
  readonly timestamp: number | null;
  readonly timestampEcho: number | null;
  readonly maximumSegmentSize: number | null;
  /** Whether the segment, a SYN, has the option SACK-Permitted. */
  readonly permitsSack: boolean;
  readonly sackEdges: readonly (readonly [number, number])[];
  readonly ecn: number;
  readonly isMalformed: boolean;
  readonly remarks: readonly string[];
}

/** A running capture of raw IPv6 packets. */
export class SegmentCapture {
  readonly #file: string;
  readonly #daemon: RunningProgram;

  private constructor(lab: Lab, label: string, device: string) {
    this.#file = join(lab.folder, `segments-${Date.now()}.pcap`);
    // biome-ignore format: one option with its value per line
    this.#daemon = lab.spawn(label, [
      'tcpdump', '-n', '-U', '--immediate-mode',
      '-Z', 'root',
      '-i', device,
      '-s', '1600',
      '-B', '65536',
      '-w', this.#file,
      'ip6',
    ]);
  }

  static async start(lab: Lab, label: string, device: string): Promise<SegmentCapture> {
    const capture = new SegmentCapture(lab, label, device);
    await capture.#daemon.waitForLine(/listening on/);
    return capture;
  }

  /**
   * Ends the capture and reads it.
   *
   * @param port - of the connections, whose data is not to be dissected
   */
  async stop(port: number): Promise<CapturedSegment[]> {
    await this.#isComplete();
    await this.#daemon.stop('SIGINT');
    if (!this.#daemon.stderr.some((line) => /^0 packets dropped by kernel/.test(line))) {
      throw new Error(`the capture is not complete: ${this.#daemon.stderr.join(', ')}`);
    }
    // biome-ignore format: one option with its value per line
    const args = [
      '-n',
      '-r', this.#file,
      '-o', 'tcp.check_checksum:TRUE',
      '-o', 'tcp.desegment_tcp_streams:FALSE',
      '-d', `tcp.port==${port},data`,
      '-Y', 'tcp && !icmpv6',
      '-T', 'fields',
      '-E', 'separator=/t',
      '-E', 'occurrence=a',
      '-E', 'aggregator=|',
      ...FIELDS.flatMap((field) => ['-e', field]),
    ];
    const { stdout } = await promisify(execFile)('tshark', args, { maxBuffer: 512 << 20 });
    return stdout.split('\n').filter(Boolean).map(readLine);
  }

  /** Waits until everything that was captured is in the file. */
  async #isComplete(): Promise<void> {
    for (let [before, after] = [-1, 0]; after > before; ) {
      before = after;
      await sleep(QUIET);
      after = statSync(this.#file).size;
    }
  }
}

function readLine(line: string): CapturedSegment {
  const columns = line.split('\t');
  const all = (field: (typeof FIELDS)[number]): string[] =>
    (columns[FIELDS.indexOf(field)] ?? '').split('|').filter(Boolean);
  const number = (field: (typeof FIELDS)[number]): number => Number(all(field)[0] ?? 0);
  const optional = (field: (typeof FIELDS)[number]): number | null =>
    all(field).length === 0 ? null : number(field);
  const right = all('tcp.options.sack_re').map(Number);
  return {
    number: number('frame.number'),
    source: all('ipv6.src')[0]!,
    stream: number('tcp.stream'),
    flags: number('tcp.flags'),
    sequence: number('tcp.seq'),
    acknowledgment: number('tcp.ack'),
    length: number('tcp.len'),
    window: number('tcp.window_size'),
    windowUnit: Math.max(1, number('tcp.window_size_scalefactor')),
    hasGoodChecksum: number('tcp.checksum.status') === 1,
    timestamp: optional('tcp.options.timestamp.tsval'),
    timestampEcho: optional('tcp.options.timestamp.tsecr'),
    maximumSegmentSize: optional('tcp.options.mss_val'),
    permitsSack: all('tcp.options.sack_perm').length > 0,
    sackEdges: all('tcp.options.sack_le').map((left, index) => [Number(left), right[index]!]),
    ecn: number('ipv6.tclass.ecn'),
    isMalformed: all('_ws.malformed').length > 0,
    remarks: all('_ws.expert.message'),
  };
}
