import { toHex } from '@6bed4/testing/bytes';
import { describe, expect, test } from 'vitest';
import {
  buildEcho,
  buildNd,
  buildUdp,
  flowLabel,
  hopLimit,
  nextHeader,
  parseEcho,
  parseNd,
  parseUdp,
  payloadLength,
  trafficClass,
  writeIPv6Header,
} from '../src/index.js';
import { type Frame, frames } from './support/frames.js';

/** Frames that were sent to see them refused, and why ours are too. */
const refused: Readonly<Record<string, string>> = {
  'rs-bad-checksum, request': 'bad-checksum',
  'rs-hop-limit-254, request': 'bad-hop-limit',
  'empty, request': 'bad-ipv6-header',
  'junk-ipv4, request': 'bad-ipv6-header',
  'short-39, request': 'bad-ipv6-header',
};

function refusalOf({ name, packet }: Frame): string | undefined {
  if (packet.length === 0) return 'bad-ipv6-header';
  return refused[name.slice(name.indexOf('/') + 1)];
}

/** Traffic class and flow label are the sender's choice and stand in no message. */
function withLabels(built: Uint8Array, packet: Uint8Array): Uint8Array {
  writeIPv6Header(built, 0, {
    trafficClass: trafficClass(packet, 0),
    flowLabel: flowLabel(packet, 0),
    payloadLength: payloadLength(built, 0),
    nextHeader: nextHeader(built, 0),
    hopLimit: hopLimit(built, 0),
    source: built.slice(8, 24),
    destination: built.slice(24, 40),
  });
  return built;
}

/** Parses a packet as what it says it is, and builds it again from that; or says why not. */
function rebuild(packet: Uint8Array): Uint8Array | string {
  const udp = parseUdp(packet, 0, packet.length);
  if (udp.ok) return buildUdp({ ...udp.value, hopLimit: hopLimit(packet, 0) });
  const echo = parseEcho(packet, 0, packet.length);
  if (echo.ok) return buildEcho(echo.value);
  const nd = parseNd(packet, 0, packet.length, { lenientSolicitation: true });
  return nd.ok ? buildNd(nd.value) : nd.error.code;
}

describe('frames recorded from the reference implementations', () => {
  const good = frames.filter((frame) => refusalOf(frame) === undefined);
  const bad = frames.filter((frame) => refusalOf(frame) !== undefined);

  test.each(good)('$name is parsed and built again byte for byte', ({ name, packet }) => {
    const built = rebuild(packet);
    if (typeof built === 'string') throw new Error(`${name}: ${built}`);
    expect(toHex(withLabels(built, packet))).toBe(toHex(packet));
  });

  test.each(bad)('$name is refused', (frame) => {
    expect(rebuild(frame.packet)).toBe(refusalOf(frame));
  });

  test.each(good.filter(({ packet }) => packet[40] === 133 && packet[23] === 0))(
    '$name breaks RFC 4861 §6.1.1 and needs lenience if it has a link-layer option',
    ({ packet }) => {
      const parsed = parseNd(packet, 0, packet.length);
      expect(parsed.ok || parsed.error.code).toBe(packet.length === 48 || 'forbidden-option');
    },
  );
});
