import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningProgram } from '../runningProgram.js';
import type { Lab } from './lab.js';

/** Interval in milliseconds at which tcpdump writes captured packets, at least. */
const CAPTURE_LATENCY = 1_000;

/** Values of `….checksum.status` in tshark. */
export const GOOD = '1';
const UNVERIFIED = '2';
/** TCP and UDP inside an ICMPv6 error are cut off and cannot be checked. */
const ACCEPTABLE = new Set([GOOD, UNVERIFIED]);
/** Remark of tshark on a TCP checksum of zero that Linux writes as its equal, 0xffff. */
export const EQUAL_TO_ZERO = /TCP Checksum 0xffff instead of 0x0000/;

const FIELDS = [
  'frame.number',
  'ip.src',
  'ip.dst',
  'ip.ttl',
  'ip.dsfield',
  'ip.flags.df',
  'ip.flags.mf',
  'ip.frag_offset',
  'ip.checksum.status',
  'udp.srcport',
  'udp.dstport',
  'udp.length',
  'ipv6.src',
  'ipv6.dst',
  'ipv6.hlim',
  'ipv6.plen',
  'icmpv6.type',
  'icmpv6.checksum.status',
  'tcp.checksum.status',
  'udp.checksum.status',
  '_ws.malformed',
  '_ws.expert.message',
] as const;

type Field = (typeof FIELDS)[number];

/** A captured 6bed4 frame as tshark dissects it. */
export interface Frame {
  readonly number: number;
  /** UDP/IPv4 around it. */
  readonly outer: {
    readonly source: string;
    readonly destination: string;
    readonly sourcePort: number;
    readonly destinationPort: number;
    readonly ttl: number;
    readonly tos: number;
    readonly dontFragment: boolean;
    readonly fragment: boolean;
    /** Bytes of the payload. */
    readonly length: number;
    /** Whether the checksums of its headers are right, where the sender's interface leaves none unfinished. */
    readonly hasGoodChecksums: boolean;
  };
  /** The IPv6 packet; `null` for an empty datagram. */
  readonly inner: {
    readonly source: string;
    readonly destination: string;
    readonly hopLimit: number;
    /** Bytes with the header. */
    readonly length: number;
    readonly icmpType: number | null;
  } | null;
  readonly malformed: boolean;
  /** Expert information of tshark. */
  readonly remarks: string;
  /** Status of each checksum inside the tunnel. */
  readonly checksums: readonly { readonly protocol: string; readonly status: string }[];
}

/** A running capture into a file in the lab's folder. */
export class Capture {
  readonly #file: string;
  readonly #daemon: RunningProgram;
  readonly #ports: readonly number[];

  private constructor(lab: Lab, ports: readonly number[]) {
    const { label, device } = lab.bridge;
    this.#file = join(lab.folder, 'wire.pcap');
    this.#ports = ports;
    // biome-ignore format: one option with its value per line
    this.#daemon = lab.spawn(label, [
      'tcpdump', '-n', '-U',
      '-Z', 'root',
      '-i', device,
      '-s', '0',
      '-B', '65536',
      '-w', this.#file,
      'udp',
    ]);
  }

  /**
   * Captures all UDP on a lab's Internet.
   *
   * @param ports - UDP ports whose payload is IPv6, at either end
   */
  static async start(lab: Lab, ports: readonly number[]): Promise<Capture> {
    await lab.disableSegmentation();
    const capture = new Capture(lab, ports);
    await capture.#daemon.waitForLine(/listening on/);
    return capture;
  }

  /**
   * Ends the capture and reads it.
   *
   * @param more - further ports whose payload is IPv6, known only now
   */
  async stop(more: readonly number[] = []): Promise<Frame[]> {
    await sleep(CAPTURE_LATENCY + 100);
    await this.#daemon.stop('SIGINT');
    return dissect(this.#file, [...this.#ports, ...more]);
  }
}

/** Reads a capture file with tshark, taking UDP payload at the given ports as IPv6. */
export async function dissect(file: string, ports: readonly number[]): Promise<Frame[]> {
  // biome-ignore format: one option with its value per line
  const args = [
    '-n',
    '-r', file,
    '-o', 'ip.check_checksum:TRUE',
    '-o', 'udp.check_checksum:TRUE',
    '-o', 'tcp.check_checksum:TRUE',
    '-o', 'tcp.analyze_sequence_numbers:FALSE',
    '-o', 'tcp.desegment_tcp_streams:FALSE',
    ...ports.flatMap((port) => ['-d', `udp.port==${port},ipv6`]),
    '-T', 'fields',
    '-E', 'separator=/t',
    '-E', 'occurrence=a',
    '-E', 'aggregator=|',
    ...FIELDS.flatMap((field) => ['-e', field]),
  ];
  const output = await new Promise<string>((resolve, reject) => {
    execFile('tshark', args, { maxBuffer: 512 << 20 }, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(error);
    });
  });
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map(readLine);
}

function readLine(line: string): Frame {
  const columns = line.split('\t');
  const all = (field: Field): string[] => {
    const text = columns[FIELDS.indexOf(field)] ?? '';
    return text === '' ? [] : text.split('|');
  };
  const first = (field: Field): string => all(field)[0] ?? '';
  const isSet = (field: Field): boolean => first(field) === '1' || first(field) === 'True';
  const checksums = [
    ...all('icmpv6.checksum.status').map((status) => ({ protocol: 'ICMPv6', status })),
    ...all('tcp.checksum.status').map((status) => ({ protocol: 'TCP', status })),
    // The first UDP header is the tunnel's own, whose checksum virtual Ethernet leaves unfinished.
    ...all('udp.checksum.status')
      .slice(1)
      .map((status) => ({ protocol: 'UDP', status })),
  ];
  return {
    number: Number(first('frame.number')),
    outer: {
      source: first('ip.src'),
      destination: first('ip.dst'),
      sourcePort: Number(first('udp.srcport')),
      destinationPort: Number(first('udp.dstport')),
      ttl: Number(first('ip.ttl')),
      tos: Number(first('ip.dsfield')),
      dontFragment: isSet('ip.flags.df'),
      fragment: isSet('ip.flags.mf') || Number(first('ip.frag_offset')) > 0,
      length: Number(first('udp.length')) - 8,
      hasGoodChecksums:
        first('ip.checksum.status') === GOOD && first('udp.checksum.status') === GOOD,
    },
    inner:
      all('ipv6.src').length === 0
        ? null
        : {
            source: first('ipv6.src'),
            destination: first('ipv6.dst'),
            hopLimit: Number(first('ipv6.hlim')),
            length: Number(first('ipv6.plen')) + 40,
            icmpType: all('icmpv6.type').length === 0 ? null : Number(first('icmpv6.type')),
          },
    malformed: all('_ws.malformed').length > 0,
    remarks: all('_ws.expert.message').join('; '),
    checksums,
  };
}

/** Faults of a frame on the wire; empty for none. */
export function faultsOf(frame: Frame): string[] {
  const faults: string[] = [];
  const fault = (what: string): void => {
    faults.push(`frame ${frame.number}: ${what} ${frame.remarks}`.trimEnd());
  };
  if (frame.malformed) fault('malformed');
  if (frame.outer.length > 0 && frame.inner === null) fault('payload is not IPv6');
  if (frame.inner !== null && frame.inner.length !== frame.outer.length) {
    fault(`IPv6 of ${frame.inner.length} bytes in a datagram of ${frame.outer.length}`);
  }
  if (frame.outer.dontFragment) fault('has DF set');
  if (frame.outer.fragment) fault('is a fragment');
  for (const { protocol, status } of frame.checksums) {
    if (ACCEPTABLE.has(status)) continue;
    if (protocol === 'TCP' && EQUAL_TO_ZERO.test(frame.remarks)) continue;
    fault(`${protocol} checksum status ${status}`);
  }
  return faults;
}
