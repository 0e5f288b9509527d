import { expect, test } from 'vitest';
import { keepsSource } from '../../src/machine/run.js';

const SIZE = 60;
const RUN = 7 + SIZE;
const SOURCE = [8, 24] as const;

/** Two packets behind seven other bytes, whose bytes at one place differ. */
function differingAt(place: number): Uint8Array {
  const bytes = new Uint8Array(RUN + SIZE).fill(0x55);
  bytes[RUN + place]! ^= 1;
  return bytes;
}

test('a run keeps the source of the packet before it where the 16 bytes of both are the same', () => {
  const places = Array.from({ length: SIZE }, (_, place) => place);
  const changed = places.filter((place) => !keepsSource(differingAt(place), RUN, SIZE));
  expect(changed).toEqual(places.slice(...SOURCE));
});
