import { demand, type FuzzTarget, InputReader } from '@6bed4/testing/fuzzTarget';
import { allocateLoopMemory } from '../../src/drivers/linux/loopMemory.js';
import { COALESCER_SIZE } from '../../src/drivers/linux/offload/coalescer.js';
import { TUN_OUTPUT_SIZE, TunOutput } from '../../src/drivers/linux/tunOutput.js';
import { FakeRawLibc } from '../support/fakeRawLibc.js';
import {
  readVirtio,
  segmentPacket,
  tcpPacket,
  udpOverIpv6,
  VIRTIO_LENGTH,
} from '../support/segments.js';

const ROOM = 1 << 17;
const libc = new FakeRawLibc();
const memory = allocateLoopMemory(libc, ROOM + COALESCER_SIZE + TUN_OUTPUT_SIZE);
const { arena } = memory;
const output = new TunOutput(libc, memory, 5, { virtioHeader: true, udpSegmentation: true });
const area = arena.reserve(ROOM - 4096, 1);
const FLAGS = [0x10, 0x10, 0x10, 0x18, 0x11, 0x90, 0x02];

/** Addresses, ports and protocol. */
function flowOf(packet: Uint8Array): string {
  return Buffer.from([...packet.subarray(6, 7), ...packet.subarray(8, 44)]).toString('latin1');
}

function byFlow(packets: readonly Uint8Array[]): string {
  const flows = new Map<string, string>();
  for (const packet of packets) {
    const flow = flowOf(packet);
    flows.set(flow, (flows.get(flow) ?? '') + Buffer.from(packet).toString('latin1'));
  }
  return [...flows].sort().join('\n');
}

/** Packets for a TUN interface: coalesced and segmented again, they are the same in each flow. */
export const target: FuzzTarget = {
  longest: 256,
  seeds: [Uint8Array.of(0, 1, 100, 0, 0, 1, 100, 0, 0, 1, 50, 3, 1, 0, 100, 0, 5, 1)],
  run(input) {
    const reader = new InputReader(input);
    libc.written.length = 0;
    const packets: Uint8Array[] = [];
    const sequences = [1, 0xffff_ff00, 7];
    let at = area;
    while (!reader.isOver) {
      const packet = nextPacket(reader, sequences);
      if (packet === null || at + packet.length > area + ROOM - 4096) {
        output.flush();
        continue;
      }
      arena.bytes.set(packet, at);
      output.deliver(arena.bytes, at, packet.length);
      at += packet.length;
      packets.push(packet);
    }
    output.flush();
    const written = libc.written.flatMap((bytes) => {
      const whole = Uint8Array.from(bytes);
      return segmentPacket(readVirtio(whole), whole.subarray(VIRTIO_LENGTH));
    });
    demand(byFlow(written) === byFlow(packets), 'flows stay as they were');
  },
};

/** The next packet of one of three flows, or null for the end of a batch. */
function nextPacket(reader: InputReader, sequences: number[]): Uint8Array | null {
  const kind = reader.byte();
  if (kind % 16 === 15) return null;
  const flow = (kind >> 4) % sequences.length;
  const payload = new Uint8Array(reader.byte()).fill(kind);
  const detail = reader.byte();
  if (kind % 4 === 3) return udpOverIpv6({ payload, sourcePort: 1000 + flow });
  const sequence = sequences[flow]!;
  sequences[flow] = (sequence + payload.length + (detail & 128 ? 1 : 0)) >>> 0;
  const packet = tcpPacket({
    payload,
    sourcePort: 1000 + flow,
    sequence,
    flags: FLAGS[detail % FLAGS.length]!,
    trafficClass: detail & 64 ? 3 : 0,
    options: detail & 32 ? [1, 1, 1, 1] : [],
    extension: detail & 16 && kind % 8 === 0 ? [6, 0, 1, 4, 0, 0, 0, 0] : [],
  });
  // Its version and length are right: others do not get as far.
  if (detail & 8 && kind % 8 === 4) packet[6 + (reader.byte() % (packet.length - 6))]! ^= 1;
  return packet;
}
