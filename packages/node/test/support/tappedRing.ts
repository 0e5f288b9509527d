import { parseIPv4 } from '@6bed4/codec';
import { CaptureRingReader, ringMemory } from '../../src/capture/captureRing.js';
import { PacketTap } from '../../src/capture/packetTap.js';
import { parseCapture } from './pcapng.js';

const OUTER_HEADERS = 28;

/** A tap of both sides at 192.0.2.2:1, and what it saw. */
export class TappedRing {
  readonly #memory = ringMemory(1 << 16);
  readonly tap = new PacketTap(
    {
      ...{ outer: 0, inner: 1, snapLength: 65_535, ttl: 64, epoch: 0 },
      ...{ localAddress: parseIPv4('192.0.2.2') | 0, localPort: 1 },
    },
    this.#memory,
  );

  /** What it saw since the last call: side, direction, milliseconds, payload and the ports of the outer side. */
  take(): string[] {
    const bytes = new CaptureRingReader(this.#memory).take(1000)?.bytes ?? Buffer.alloc(0);
    return parseCapture(bytes).packets.map(({ interfaceId, direction, at, bytes: packet }) => {
      if (interfaceId === 1) return `inner ${direction} ${at / 1000} ${[...packet]}`;
      const ports = `${packet.readUInt16BE(20)}>${packet.readUInt16BE(22)}`;
      const payload = packet.subarray(OUTER_HEADERS);
      return `outer ${direction} ${at / 1000} ${[...payload]} ${ports}`;
    });
  }
}
