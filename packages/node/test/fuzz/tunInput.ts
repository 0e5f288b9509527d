import { demand, type FuzzTarget, InputReader } from '@6bed4/testing/fuzzTarget';
import { allocateLoopMemory } from '../../src/drivers/linux/loopMemory.js';
import { TUN_INPUT_SIZE, TunInput } from '../../src/drivers/linux/tunInput.js';
import { FakeRawLibc } from '../support/fakeRawLibc.js';
import {
  consumerOf,
  isChecksumRight,
  NO_VIRTIO,
  segmentPacket,
  tcpPacket,
  udpOverIpv6,
  type Virtio,
  virtioOf,
  withPartialChecksum,
  writeVirtio,
} from '../support/segments.js';

const GUARD_SIZE = 65_536 * 2;
const GUARD = 0xa5;
const MOST_READS = 70;

const libc = new FakeRawLibc();
const memory = allocateLoopMemory(libc, TUN_INPUT_SIZE + GUARD_SIZE);
const { arena } = memory;
const tun = new TunInput(libc, memory, 5, true);
const guardAt = arena.reserve(GUARD_SIZE - 256);
arena.bytes.fill(GUARD, guardAt);
const guard = arena.bytes.slice(guardAt);

function framed(packet: Uint8Array, gsoSize: number): Uint8Array {
  const virtio = virtioOf(packet, gsoSize);
  return Uint8Array.of(...writeVirtio(virtio), ...withPartialChecksum(packet));
}

/** Packets of a TUN interface with their virtio headers, right ones and any others, also very large ones. */
export const target: FuzzTarget = {
  longest: 512,
  seeds: [
    Uint8Array.of(0, 0, 60, ...framed(tcpPacket({ payload: new Uint8Array(40) }), 10)),
    Uint8Array.of(0, 0, 60, ...framed(udpOverIpv6({ payload: new Uint8Array(40) }), 10)),
    Uint8Array.of(1, 0, 200, 5, 100, 1, 0, 99, 4, 1),
    Uint8Array.of(4, 255, 0, 4, 255, 0, 4, 200, 0, 2, 255, 255, 1, 255, 1, 255, 255, 4, 1),
    Uint8Array.of(2, 255, 255, 1, 255, 1, 255, 255, 4, 1),
  ],
  run(input) {
    const reader = new InputReader(input);
    libc.toRead.length = 0;
    const expected: Uint8Array[] = [];
    for (let count = 0; count < MOST_READS && !reader.isOver; count++) readOne(reader, expected);
    const packets: Uint8Array[] = [];
    let waiting: (readonly [number, number])[] = [];
    const consumer = consumerOf(
      (at, length) => waiting.push([at, length] as const),
      () => {
        for (const [at, length] of waiting) packets.push(arena.bytes.slice(at, at + length));
        waiting = [];
      },
    );
    while (libc.toRead.length > 0) tun.read(consumer);
    const isIntact = Buffer.compare(arena.bytes.subarray(guardAt), guard) === 0;
    arena.bytes.set(guard, guardAt);
    demand(isIntact, 'nothing is written behind the area');
    const texts = new Set(packets.map((packet) => Buffer.from(packet).toString('latin1')));
    for (const packet of expected) {
      demand(texts.has(Buffer.from(packet).toString('latin1')), 'as a network card segments it');
    }
  },
};

/** Lets the interface have one more packet. */
function readOne(reader: InputReader, expected: Uint8Array[]): void {
  const kind = reader.byte() % 5;
  if (kind === 0) {
    const size = reader.word() % 200;
    libc.toRead.push(reader.take(size));
    return;
  }
  if (kind === 4) {
    // What fits the interface goes without segmentation, whatever its MTU is.
    const whole = udpOverIpv6({ payload: new Uint8Array(reader.word() % 65_400) });
    libc.toRead.push(Uint8Array.of(...writeVirtio(NO_VIRTIO), ...whole));
    expected.push(whole);
    return;
  }
  const size = kind === 1 ? reader.word() % 2_000 : reader.word();
  const payload = new Uint8Array(Math.min(size, 65_000)).fill(reader.byte());
  const gsoSize = 1 + reader.word() * (kind === 2 ? 1 : 0) + (kind === 1 ? 100 : 1_000);
  const isTcp = (reader.byte() & 4) !== 0;
  const whole = isTcp ? tcpPacket({ payload }) : udpOverIpv6({ payload });
  const virtio: Virtio = virtioOf(whole, Math.min(gsoSize, 65_535));
  if (payload.length === 0) return;
  libc.toRead.push(Uint8Array.of(...writeVirtio(virtio), ...withPartialChecksum(whole)));
  if (kind === 3) return;
  const segments = segmentPacket(virtio, whole);
  demand(segments.every(isChecksumRight), 'the test makes right checksums');
  expected.push(...segments);
}
