import { describe, expect, test } from 'vitest';
import type { CapturedSegment } from './segmentCapture.js';
import { faultsOf } from './segmentFaults.js';

const OWN = '2001:db8::1';
const OTHER = '2001:db8::2';
const [FIN, SYN, RST, ACK] = [1, 2, 4, 16];
const ECT_0 = 2;

const BLANK: CapturedSegment = {
  number: 0,
  source: OWN,
  stream: 0,
  flags: ACK,
  sequence: 1,
  acknowledgment: 1,
  length: 0,
  window: 60_000,
  windowUnit: 1,
  hasGoodChecksum: true,
  timestamp: null,
  timestampEcho: null,
  maximumSegmentSize: null,
  permitsSack: false,
  sackEdges: [],
  ecn: 0,
  isMalformed: false,
  remarks: [],
};

const own = (fields: Partial<CapturedSegment>): CapturedSegment => ({ ...BLANK, ...fields });
const other = (fields: Partial<CapturedSegment>): CapturedSegment =>
  own({ source: OTHER, ...fields });

/** A handshake, and some data in each direction. */
const OPENING = [
  own({ flags: SYN, sequence: 0, acknowledgment: 0, maximumSegmentSize: 1220 }),
  other({ flags: SYN | ACK, sequence: 0, maximumSegmentSize: 1220, window: 5_000 }),
  own({}),
  own({ length: 1_220 }),
  other({ length: 1_000, acknowledgment: 1_221, window: 5_000 }),
  own({ sequence: 1_221, acknowledgment: 1_001 }),
];

/** The faults of a connection that goes on with some segments. */
function faultsAfter(segments: readonly CapturedSegment[], hasLoss = false): string[] {
  const all = [...OPENING, ...segments].map((segment, number) => ({ ...segment, number }));
  return faultsOf(all, { of: OWN, hasLoss });
}

/** The next segment with data, as it should be. */
const NEXT = own({ sequence: 1_221, acknowledgment: 1_001, length: 1_220, ecn: ECT_0 });
const END = { flags: FIN | ACK, sequence: 1_221, acknowledgment: 1_001 };

describe('the judge of segments', () => {
  test('finds nothing in a connection that is as it should be', () => {
    expect(faultsAfter([NEXT])).toEqual([]);
    expect(faultsAfter([other({ length: 9_999, isMalformed: true })])).toEqual([]);
  });

  test('finds nothing in a reset after both ends, but in one before', () => {
    const ends = [
      other({ flags: FIN | ACK, sequence: 1_001, acknowledgment: 1_221 }),
      own({ ...END, acknowledgment: 1_002 }),
    ];
    const reset = own({ flags: RST, sequence: 1_222 });
    expect(faultsAfter([...ends, reset])).toEqual([]);
    expect(faultsAfter([reset])).toHaveLength(1);
  });

  test('wants that something was captured, from its beginning', () => {
    expect(faultsOf([], { of: OWN })).toHaveLength(1);
    expect(faultsOf([own({ isMalformed: true })], { of: OWN })).toEqual([
      `no segment of ${OWN} was captured`,
    ]);
  });

  test.each<[string, Partial<CapturedSegment>]>([
    ['a malformed segment', { isMalformed: true }],
    ['a wrong checksum', { hasGoodChecksum: false }],
    ['what the dissector remarks', { remarks: ['Out of the ordinary'] }],
    ['data that leaves a gap', { sequence: 1_222 }],
    ['data behind the window', { sequence: 1_221, length: 5_001 }],
    ['data that is sent again without loss', { sequence: 1, length: 10 }],
    ['data that is larger than the other end takes', { length: 1_221 }],
    ['an acknowledgment of what was not sent', { acknowledgment: 1_002 }],
    ['a window whose edge moves back', { window: 50_000 }],
    ['an acknowledgment that is ECN-capable', { length: 0, ecn: ECT_0 }],
    ['a SACK of what was not sent', { sackEdges: [[1_001, 2_000]] }],
    ['an empty SACK', { sackEdges: [[900, 900]] }],
    ['a timestamp that was not agreed on', { timestamp: 1, timestampEcho: 1 }],
  ])('finds %s', (_, fields) => {
    expect(faultsAfter([own({ ...NEXT, ...fields })]).length).toBeGreaterThan(0);
  });

  test('wants retransmissions not to be ECN-capable (RFC 3168 §6.1.5)', () => {
    const again = own({ length: 1_220, acknowledgment: 1_001 });
    expect(faultsAfter([again], true)).toEqual([]);
    expect(faultsAfter([own({ ...again, ecn: ECT_0 })], true)).toHaveLength(1);
  });

  test.each<[string, Partial<CapturedSegment>]>([
    ['none', { timestamp: null }],
    ['one that goes back', { timestamp: 9 }],
    ['an echo of one that was never sent', { timestampEcho: 21 }],
  ])('wants a timestamp in each segment once they are agreed on: %s', (_, fields) => {
    const segments = [
      own({ flags: SYN, sequence: 0, acknowledgment: 0, timestamp: 10 }),
      other({ flags: SYN | ACK, sequence: 0, timestamp: 20, timestampEcho: 10 }),
      own({ timestamp: 11, timestampEcho: 20 }),
    ];
    expect(faultsOf(segments, { of: OWN })).toEqual([]);
    const last = own({ timestamp: 11, timestampEcho: 20, ...fields });
    expect(faultsOf([...segments, last], { of: OWN })).toHaveLength(1);
  });
});
