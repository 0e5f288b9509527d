import { Random } from '@6bed4/testing/random';
import { expect, test } from 'vitest';
import { InboundRemotes } from '../../src/peering/inboundRemotes.js';

/** All with an IPv4 address. */
function allAt(inbound: InboundRemotes, address: number): number[] {
  const slots: number[] = [];
  for (let slot = inbound.firstAt(address); slot !== -1; slot = inbound.nextAt(slot)) {
    slots.push(slot);
  }
  return slots.sort((left, right) => left - right);
}

const list = (inbound: InboundRemotes): number[] =>
  Array.from({ length: inbound.size }, (_, index) => inbound.at(index)).sort(
    (left, right) => left - right,
  );

test('inbound remotes are found by IPv4 address and in a list, as those added and not removed', () => {
  const inbound = new InboundRemotes(2_000, new Random(3).fraction);
  const addressOf = (slot: number): number => (slot % 700) - 350;
  const expected = new Set<number>();
  const check = (): void => {
    expect(list(inbound)).toEqual([...expected].sort((left, right) => left - right));
    for (let address = -351; address <= 350; address++) {
      const at = [...expected].filter((slot) => addressOf(slot) === address);
      expect(allAt(inbound, address)).toEqual(at.sort((left, right) => left - right));
    }
  };
  for (let slot = 0; slot < 2_000; slot++) {
    inbound.add(slot, addressOf(slot));
    expected.add(slot);
  }
  check();
  for (let slot = 0; slot < 2_000; slot += 1 + (slot % 3)) {
    expect(inbound.has(slot)).toBe(true);
    inbound.remove(slot);
    inbound.remove(slot);
    expected.delete(slot);
    expect(inbound.has(slot)).toBe(false);
  }
  check();
  inbound.grow(4_000);
  expect([inbound.has(2_000), inbound.has(3_999)]).toEqual([false, false]);
  inbound.add(3_999, 5);
  expect(allAt(inbound, 5)).toContain(3_999);
  expect(inbound.size).toBe(expected.size + 1);
});

test('inbound remotes are none at first', () => {
  const inbound = new InboundRemotes(2, new Random(3).fraction);
  expect([inbound.size, inbound.has(0), inbound.has(1), inbound.firstAt(0)]).toEqual([
    0,
    false,
    false,
    -1,
  ]);
  inbound.remove(0);
  expect(inbound.size).toBe(0);
});
