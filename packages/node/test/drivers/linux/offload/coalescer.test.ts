import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { ArenaKind } from '../../../../src/drivers/kernel/arena.js';
import { TunOutput } from '../../../../src/drivers/linux/tunOutput.js';
import { FakeRawLibc } from '../../../support/fakeRawLibc.js';
import { loopMemory, memoryKinds } from '../../../support/loopMemories.js';
import {
  ACK,
  CWR,
  FIN,
  hex,
  isChecksumRight,
  NO_VIRTIO,
  PSH,
  readVirtio,
  segmentPacket,
  slowSum,
  type TcpFields,
  tcpPacket,
  udpOverIpv6,
  upperOf,
  VIRTIO_LENGTH,
  type Virtio,
  virtioOf,
  writeVirtio,
} from '../../../support/segments.js';

const ROOM = 3 << 20;

interface Written {
  readonly virtio: Virtio;
  readonly packet: Uint8Array;
}

interface Delivered {
  written: Written[];
  output: TunOutput;
  libc: FakeRawLibc;
}

/** Returns the writes to the kernel when these packets are delivered; `null` ends a batch. */
function deliverFrom(
  kind: ArenaKind,
  packets: readonly (Uint8Array | null)[],
  udpSegmentation = true,
): Delivered {
  const libc = new FakeRawLibc();
  const memory = loopMemory(libc, kind);
  const { arena } = memory;
  const output = new TunOutput(libc, memory, 5, { virtioHeader: true, udpSegmentation });
  let at = arena.reserve(ROOM - 4096, 1);
  for (const packet of packets) {
    if (packet === null) {
      output.flush();
      continue;
    }
    arena.bytes.set(packet, at);
    output.deliver(arena.bytes, at, packet.length);
    at += packet.length;
  }
  output.flush();
  return { written: libc.written.map(read), output, libc };
}

function read(bytes: readonly number[]): Written {
  const whole = Uint8Array.from(bytes);
  return { virtio: readVirtio(whole), packet: whole.slice(VIRTIO_LENGTH) };
}

/** The key of a packet's flow: addresses, ports and protocol. */
function flowOf(packet: Uint8Array): string {
  const { at, protocol } = upperOf(packet);
  return `${packet.subarray(8, 40)} ${packet.subarray(at, at + 4)} ${protocol}`;
}

function byFlow(packets: readonly Uint8Array[]): Map<string, string[]> {
  const flows = new Map<string, string[]>();
  for (const packet of packets) {
    const flow = flowOf(packet);
    flows.set(flow, [...(flows.get(flow) ?? []), hex(packet)]);
  }
  return flows;
}

function bytes(length: number, first = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index + first);
}

/** Segments of a stream, each of the given length. */
function stream(lengths: readonly number[], fields: Partial<TcpFields> = {}): Uint8Array[] {
  let sequence = fields.sequence ?? 1000;
  return lengths.map((length) => {
    const packet = tcpPacket({ ...fields, sequence, payload: bytes(length, sequence) });
    sequence += length;
    return packet;
  });
}

const EXTENSION = [6, 0, 1, 4, 0, 0, 0, 0];

/** One packet of one of three flows, whose next sequence number it may take or not. */
const step = fc.record({
  flow: fc.constantFrom(1, 2, 3),
  protocol: fc.constantFrom('tcp', 'tcp', 'tcp', 'udp'),
  length: fc.constantFrom(0, 1, 99, 100, 100, 100, 100, 101),
  flags: fc.constantFrom(
    ACK,
    ACK,
    ACK,
    ACK,
    ACK | PSH,
    ACK | FIN,
    ACK | CWR,
    ACK | 0x40,
    0x02,
    0x30,
  ),
  skip: fc.constantFrom(0, 0, 0, 0, 0, 1, -100),
  acknowledgement: fc.constantFrom(7, 7, 7, 7, 8),
  window: fc.constantFrom(500, 500, 500, 500, 501),
  urgent: fc.constantFrom(0, 0, 0, 0, 1),
  timestamp: fc.constantFrom(1, 1, 1, 1, 2),
  hasOptions: fc.constantFrom(true, true, true, false),
  trafficClass: fc.constantFrom(0, 0, 0, 0, 3, 0xb8),
  hopLimit: fc.constantFrom(63, 63, 63, 63, 62),
  hasExtension: fc.constantFrom(false, false, false, false, false, true),
  isCorrupt: fc.constantFrom(false, false, false, false, false, true),
  endsBatch: fc.constantFrom(false, false, false, false, false, true),
});

/** Packets of one flow that continue each other, but for one. */
const series = fc.record({
  flow: fc.constantFrom(1, 1, 2),
  isTcp: fc.constantFrom(true, true, false),
  count: fc.integer({ min: 1, max: 70 }),
  length: fc.constantFrom(1, 100, 1200),
  lastLength: fc.constantFrom(1, 100, 1200),
  odd: fc.nat({ max: 12 }),
  oddFields: fc.constantFrom<Partial<TcpFields>>(
    {},
    { flags: ACK | PSH },
    { flags: ACK | FIN },
    { window: 9 },
    { acknowledgement: 9 },
    { options: [1, 1, 1, 1] },
    { urgent: 3 },
  ),
  isDamaged: fc.boolean(),
  endsBatch: fc.constantFrom(false, false, true),
});
type Series = typeof series extends fc.Arbitrary<infer T> ? T : never;

function seriesOf(next: Map<number, number>): (fields: Series) => (Uint8Array | null)[] {
  return ({ flow, isTcp, count, length, lastLength, odd, oddFields, isDamaged, endsBatch }) => {
    const packets: (Uint8Array | null)[] = Array.from({ length: count }, (_, index) => {
      const isLast = index === count - 1;
      const payload = bytes(isLast ? Math.min(length, lastLength) : length, index);
      const sequence = next.get(flow) ?? 0xffff_f000;
      const fields = index === odd ? oddFields : {};
      if (isTcp) next.set(flow, (sequence + payload.length) >>> 0);
      const packet = isTcp
        ? tcpPacket({ sourcePort: flow, sequence, payload, ...fields })
        : udpOverIpv6({ sourcePort: flow, payload });
      if (index === odd && isDamaged) packet[packet.length - 1]! ^= 1;
      return packet;
    });
    return endsBatch ? [...packets, null] : packets;
  };
}

/** As {@link deliverFrom}, but packets that are alike at once, as far as they have one length. */
function deliverRuns(kind: ArenaKind, packets: readonly (Uint8Array | null)[]): Uint8Array[] {
  const libc = new FakeRawLibc();
  const memory = loopMemory(libc, kind);
  const { arena, work } = memory;
  const output = new TunOutput(libc, memory, 5, { virtioHeader: true, udpSegmentation: true });
  let at = arena.reserve(ROOM - 4096, 1);
  for (let index = 0; index < packets.length; ) {
    const first = packets[index]!;
    if (first === null) {
      output.flush();
      index++;
      continue;
    }
    const size = first.length;
    let end = at;
    for (let last = size; last === size && packets[index] != null; index++) {
      last = packets[index]!.length;
      if (last > size) break;
      arena.bytes.set(packets[index]!, end);
      end += last;
    }
    while (at < end) {
      const run = work.alike(at, end - at, size);
      output.deliverRun(at, run, size);
      at += run;
    }
  }
  output.flush();
  return libc.written.map((one) => Uint8Array.from(one));
}

function wholeOf({ virtio, packet }: Written): Uint8Array {
  return Uint8Array.of(...writeVirtio(virtio), ...packet);
}

describe.each(memoryKinds)('TunOutput, from %s memory', (kind) => {
  const deliver = (packets: readonly (Uint8Array | null)[], udpSegmentation = true): Delivered =>
    deliverFrom(kind, packets, udpSegmentation);

  test.prop([fc.array(step, { minLength: 1, maxLength: 80, size: 'max' })], { numRuns: 200 })(
    'writes packets which, segmented again, are exactly those of each flow, in order',
    (steps) => {
      const next = [0, 0x7fff_ff00, 0xffff_ff00, 0];
      const arriving: (Uint8Array | null)[] = [];
      for (const one of steps) {
        const extension = one.hasExtension ? EXTENSION : [];
        const options = one.hasOptions ? [1, 1, 8, 10, 0, 0, 0, one.timestamp, 0, 0, 0, 1] : [];
        const { trafficClass, hopLimit, flags, acknowledgement, window, urgent } = one;
        const sourcePort = one.flow;
        const payload = bytes(one.length, arriving.length);
        const common = { trafficClass, hopLimit, sourcePort, payload };
        let packet: Uint8Array;
        if (one.protocol === 'udp') {
          packet = udpOverIpv6({
            ...common,
            extension: one.hasExtension ? [17, ...EXTENSION.slice(1)] : [],
          });
        } else {
          const sequence = (next[one.flow]! + one.skip) >>> 0;
          next[one.flow] = sequence + one.length;
          packet = tcpPacket({
            ...common,
            extension,
            sequence,
            flags,
            acknowledgement,
            window,
            urgent,
            options,
          });
        }
        if (one.isCorrupt) packet[packet.length - 1]! ^= 0x55;
        arriving.push(packet);
        if (one.endsBatch) arriving.push(null);
      }
      const packets = arriving.filter((packet) => packet !== null);
      const { written } = deliver(arriving);
      const left = written.flatMap(({ virtio, packet }) => segmentPacket(virtio, packet));
      expect(byFlow(left)).toEqual(byFlow(packets));
    },
  );

  test.prop([fc.array(series, { minLength: 1, maxLength: 4 })], { numRuns: 25 })(
    'writes the same whether packets that are alike come at once or one by one',
    (all) => {
      const packets = all.flatMap(seriesOf(new Map()));
      const { written } = deliverFrom(kind, packets);
      expect(deliverRuns(kind, packets).map(hex)).toEqual(written.map(wholeOf).map(hex));
    },
  );

  test.prop([
    fc.array(fc.integer({ min: 1, max: 1220 }), { minLength: 1, maxLength: 60, size: 'max' }),
  ])('writes the virtio header that the kernel has for packets before segmentation', (lengths) => {
    const { written } = deliver(stream(lengths));
    for (const { virtio, packet } of written) {
      if (virtio.gsoType === 0) {
        expect(virtio).toEqual(NO_VIRTIO);
        expect(isChecksumRight(packet)).toBe(true);
        continue;
      }
      expect(virtio).toEqual(virtioOf(packet, virtio.gsoSize));
      expect(packet.length - 40).toBe((packet[4]! << 8) | packet[5]!);
      // The field holds the sum of the pseudo-header, not inverted.
      const pseudo = slowSum(packet, 8, 40, packet.length - 40 + 6);
      expect(((packet[56]! << 8) | packet[57]!) % 0xffff).toBe(pseudo % 0xffff);
    }
  });

  test('coalesces the segments of a batch', () => {
    const { written, output } = deliver(stream([1208, 1208, 1208, 500]));
    expect(written).toHaveLength(1);
    expect(written[0]!.packet).toHaveLength(60 + 3 * 1208 + 500);
    expect(written[0]!.virtio).toMatchObject({
      flags: 1,
      gsoType: 4,
      gsoSize: 1208,
      headerLength: 60,
    });
    expect([output.calls, output.packets]).toEqual([1, 4]);
  });

  test('does not coalesce across batches', () => {
    const [one, two] = stream([100, 100]);
    expect(deliver([one!, null, two!]).written).toHaveLength(2);
  });

  test('coalesces several flows whose packets alternate', () => {
    const a = stream([100, 100, 100], { sourcePort: 1 });
    const b = stream([100, 100, 100], { sourcePort: 2 });
    const { written } = deliver([a[0]!, b[0]!, a[1]!, b[1]!, a[2]!, b[2]!]);
    expect(written).toHaveLength(2);
  });

  test('has room for eight flows; a further one ends each of them in turn', () => {
    const ports = Array.from({ length: 17 }, (_, index) => index + 1);
    const portsOf = (count: number): number[] =>
      deliver(
        ports.slice(0, count).map((sourcePort) => stream([100], { sourcePort })[0]!),
      ).written.map(({ packet }) => (packet[40]! << 8) | packet[41]!);
    expect(portsOf(8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(portsOf(10)).toEqual([1, 2, 9, 10, 3, 4, 5, 6, 7, 8]);
    expect(portsOf(17)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 17, 10, 11, 12, 13, 14, 15, 16]);
  });

  test('coalesces at most what the payload length can express, and at most 64 segments', () => {
    const long = deliver(stream(new Array(60).fill(1220))).written;
    expect(long.map(({ packet }) => packet.length)).toEqual([60 + 53 * 1220, 60 + 7 * 1220]);
    const short = deliver(stream(new Array(65).fill(10))).written;
    expect(short.map(({ packet }) => packet.length)).toEqual([60 + 640, 60 + 10]);
  });

  test('ends a packet with PSH, and keeps the flag', () => {
    const [one, two, three] = stream([100, 100, 100]);
    const pushed = tcpPacket({ sequence: 1100, payload: bytes(100), flags: ACK | PSH });
    const { written } = deliver([one!, pushed, three!]);
    expect(written.map(({ packet }) => packet.length)).toEqual([260, 160]);
    expect(written[0]!.packet[53]).toBe(ACK | PSH);
    expect(two).toHaveLength(160);
  });

  test.each<[string, Partial<TcpFields>]>([
    ['a gap', { sequence: 1101 }],
    ['a repetition', { sequence: 1000 }],
    ['another acknowledgement', { acknowledgement: 8 }],
    ['another window', { window: 501 }],
    ['another option', { options: [1, 1, 1, 1] }],
    ['FIN', { flags: ACK | FIN }],
    ['SYN', { flags: ACK | 0x02 }],
    ['RST', { flags: ACK | 0x04 }],
    ['an urgent pointer', { urgent: 1 }],
    ['URG', { flags: ACK | 0x20 }],
    ['CWR', { flags: ACK | CWR }],
    ['ECE', { flags: ACK | 0x40 }],
    ['another ECN mark', { trafficClass: 3 }],
    ['another flow label', { flowLabel: 1 }],
    ['another hop limit', { hopLimit: 62 }],
    ['no payload', { payload: new Uint8Array(0) }],
    ['a longer payload', { payload: bytes(101) }],
    ['an extension header', { extension: EXTENSION }],
  ])('does not coalesce a segment with %s', (_, fields) => {
    const [first] = stream([100]);
    const second = tcpPacket({ sequence: 1100, payload: bytes(100), ...fields });
    const { written } = deliver([first!, second]);
    expect(written.map(({ packet }) => packet)).toEqual([first, second]);
    expect(written.map(({ virtio }) => virtio)).toEqual([NO_VIRTIO, NO_VIRTIO]);
  });

  test.each([0, 1])('does not coalesce when the checksum of segment %i is wrong', (index) => {
    const segments = stream([100, 100]);
    segments[index]![100]! ^= 1;
    expect(deliver(segments).written.map(({ packet }) => packet)).toEqual(segments);
  });

  test('coalesces UDP datagrams of one length, the last of which may be shorter', () => {
    const datagrams = [100, 100, 50, 50].map((length) => udpOverIpv6({ payload: bytes(length) }));
    const { written } = deliver(datagrams);
    expect(written.map(({ packet }) => packet.length)).toEqual([48 + 250, 48 + 50]);
    expect(written[0]!.virtio).toMatchObject({ gsoType: 5, gsoSize: 100, checksumOffset: 6 });
    expect(written.flatMap(({ virtio, packet }) => segmentPacket(virtio, packet))).toEqual(
      datagrams,
    );
  });

  test('does not coalesce UDP where the kernel does not support it', () => {
    const datagrams = [100, 100].map((length) => udpOverIpv6({ payload: bytes(length) }));
    expect(deliver(datagrams, false).written.map(({ packet }) => packet)).toEqual(datagrams);
  });

  test('copies packets that are not in the arena', () => {
    const libc = new FakeRawLibc();
    const output = new TunOutput(libc, loopMemory(libc, kind), 5, {
      virtioHeader: true,
      udpSegmentation: true,
    });
    const [packet] = stream([10]);
    const own = packet!.slice();
    output.deliver(own, 0, own.length);
    own.fill(0);
    output.flush();
    expect(libc.written.map(read).map((one) => one.packet)).toEqual([packet]);
  });

  test('counts packets that the kernel refuses, and continues', () => {
    const failures: (string | null)[] = ['EINTR', 'EIO', null];
    const libc = new FakeRawLibc();
    libc.onWrite = () => failures.shift() ?? null;
    const memory = loopMemory(libc, kind);
    const { arena } = memory;
    const output = new TunOutput(libc, memory, 5, { virtioHeader: false, udpSegmentation: false });
    const at = arena.reserve(100);
    output.deliver(arena.bytes, at, 50);
    output.deliver(arena.bytes, at, 60);
    expect(output.dropped).toBe(1);
    expect(output.errors.snapshot()).toEqual({ EIO: 1 });
    expect(libc.written.map(({ length }) => length)).toEqual([60]);
  });
});
