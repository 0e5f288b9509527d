import { toHex } from '@6bed4/testing/bytes';
import { Random } from '@6bed4/testing/random';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AddressTable, type SignificantBits } from '../../src/index.js';

const ALL: SignificantBits = { upperHalf: true, lowerHalf: [-1, -1], neverZero: 0 };
/** The endpoint and not the lanip, as in draft-03. */
const ENDPOINT: SignificantBits = {
  upperHalf: true,
  lowerHalf: [-1, 0xffff_c000 | 0],
  neverZero: 0,
};

/** Addresses that differ in one byte only, wherever that is. */
function neighboring(index: number): Uint8Array {
  const address = new Uint8Array(16);
  address[index >> 8] = index & 0xff;
  return address;
}

/** An address with these last bytes, under one of a few prefixes. */
function addressOf(prefix: number, ...lower: number[]): Uint8Array {
  const address = new Uint8Array(16);
  address[7] = prefix;
  address.set(lower, 8);
  return address;
}

const slotsAlike = (table: AddressTable, address: Uint8Array): number[] => {
  const slots: number[] = [];
  for (let slot = table.firstAlike(address, 0); slot >= 0; slot = table.nextAlike(slot)) {
    slots.push(slot);
  }
  return slots.sort();
};

describe('a table of addresses', () => {
  test('finds what was put in, at any offset, and nothing else', () => {
    const table = new AddressTable(8, ALL, new Random(1).fraction);
    const buffer = new Uint8Array(40);
    buffer.set(neighboring(5), 11);
    expect(table.find(buffer, 11)).toBe(-1);
    const slot = table.insert(buffer, 11);
    expect(table.find(buffer, 11)).toBe(slot);
    expect(table.find(buffer, 10)).toBe(-1);
    expect(toHex(table.address(slot))).toBe(toHex(neighboring(5)));
    table.remove(slot);
    expect(table.find(buffer, 11)).toBe(-1);
  });

  test('does not find what was removed, though it was found lately, whatever its bits', () => {
    const random = new Random(7);
    for (const bits of [ALL, ENDPOINT]) {
      const table = new AddressTable(8, bits, random.fraction);
      for (let round = 0; round < 500; round++) {
        const address = new Uint8Array(16).map(() => random.below(256));
        const slot = table.insert(address, 0);
        expect(table.find(address, 0)).toBe(slot);
        table.remove(slot);
        expect(table.find(address, 0)).toBe(-1);
      }
    }
  });

  test('finds no address in an empty table, not even the unspecified one', () => {
    expect(new AddressTable(4, ALL, () => 0).find(new Uint8Array(16), 0)).toBe(-1);
  });

  test('refuses an address when it is full, and accepts it once a slot was released', () => {
    const table = new AddressTable(2, ALL, new Random(1).fraction);
    const slot = table.insert(neighboring(1), 0);
    table.insert(neighboring(2), 0);
    expect(table.insert(neighboring(3), 0)).toBe(-1);
    expect(table.size).toBe(2);
    table.remove(slot);
    expect(table.insert(neighboring(3), 0)).toBe(slot);
  });

  test('grows only when told, and keeps slots, addresses and the order in which slots are taken', () => {
    const table = new AddressTable(2, ALL, new Random(1).fraction);
    const slots = [1, 2].map((index) => table.insert(neighboring(index), 0));
    table.remove(slots[0]!);
    table.grow(5);
    expect([table.capacity, table.size]).toEqual([5, 1]);
    expect(table.find(neighboring(2), 0)).toBe(slots[1]);
    expect(toHex(table.address(slots[1]!))).toBe(toHex(neighboring(2)));
    expect(toHex(table.addresses.slice(slots[1]! * 16).slice(0, 16))).toBe(toHex(neighboring(2)));
    expect([3, 4, 5, 6, 7].map((index) => table.insert(neighboring(index), 0))).toEqual([
      2,
      3,
      4,
      slots[0],
      -1,
    ]);
  });

  test('behaves as a Map with text keys, whatever is done to it, whatever its hash', () => {
    const step = fc.tuple(
      fc.oneof(
        { weight: 8, arbitrary: fc.constant('insert') },
        { weight: 8, arbitrary: fc.constant('remove') },
        { weight: 1, arbitrary: fc.constant('grow') },
      ),
      fc.nat(60),
    );
    fc.assert(
      fc.property(
        fc.integer(),
        fc.constantFrom(1, 2, 3, 8, 13),
        fc.array(step, { maxLength: 100, size: 'max' }),
        (seed, first, steps) => {
          const table = new AddressTable(first, ALL, new Random(seed).fraction);
          const model = new Map<string, number>();
          let capacity = first;
          for (const [verb, index] of steps) {
            const address = neighboring(index * 67);
            const key = toHex(address);
            const slot = model.get(key);
            expect(table.find(address, 0)).toBe(slot ?? -1);
            if (verb === 'grow') {
              capacity += 1 + (index % 3);
              table.grow(capacity);
            } else if (verb === 'insert' && slot === undefined) {
              const taken = table.insert(address, 0);
              expect(taken >= 0).toBe(model.size < capacity);
              expect([...model.values()]).not.toContain(taken);
              if (taken >= 0) model.set(key, taken);
            } else if (verb === 'remove' && slot !== undefined) {
              table.remove(slot);
              model.delete(key);
            }
          }
          expect([table.size, table.capacity]).toEqual([model.size, capacity]);
          for (let index = 0; index <= 60; index++) {
            const address = neighboring(index * 67);
            const slot = table.find(address, 0);
            expect(slot).toBe(model.get(toHex(address)) ?? -1);
            if (slot >= 0) expect(toHex(table.address(slot))).toBe(toHex(address));
          }
          const visited: number[] = [];
          table.forEach((slot) => {
            visited.push(slot);
            table.remove(slot);
          });
          expect(visited.sort()).toEqual([...model.values()].sort());
          expect(table.size).toBe(0);
        },
      ),
    );
  });

  test('works with a hash that is the same for all', () => {
    const table = new AddressTable(50, ALL, () => 0);
    for (let index = 0; index < 50; index++) {
      expect(table.insert(neighboring(index), 0)).toBe(index);
    }
    for (let index = 0; index < 50; index += 2) table.remove(index);
    for (let index = 0; index < 50; index++) {
      expect(table.find(neighboring(index), 0)).toBe(index % 2 === 0 ? -1 : index);
    }
  });
});

describe('significant bits', () => {
  test('let addresses of one holder share a slot', () => {
    const table = new AddressTable(4, ENDPOINT, new Random(1).fraction);
    const slot = table.insert(addressOf(1, 1, 2, 3, 4, 5, 6, 0x40, 1), 0);
    expect(table.find(addressOf(1, 1, 2, 3, 4, 5, 6, 0x7f, 77), 0)).toBe(slot);
    expect(table.find(addressOf(1, 1, 2, 3, 4, 5, 6, 0x80, 1), 0)).toBe(-1);
    expect(table.find(addressOf(2, 1, 2, 3, 4, 5, 6, 0x40, 1), 0)).toBe(-1);
  });

  test('let addresses share a slot under all prefixes where the upper half does not count', () => {
    const bits = { ...ENDPOINT, upperHalf: false };
    const table = new AddressTable(4, bits, new Random(1).fraction);
    const slot = table.insert(addressOf(1, 1, 2, 3, 4, 5, 6, 0x40, 1), 0);
    expect(table.find(addressOf(2, 1, 2, 3, 4, 5, 6, 0x40, 1), 0)).toBe(slot);
    expect(table.hasUpperHalf(slot, addressOf(1), 0)).toBe(true);
    expect(table.hasUpperHalf(slot, addressOf(2), 0)).toBe(false);
  });

  test('of which one must be set: an address without is never found', () => {
    const bits = { ...ENDPOINT, neverZero: 0x3fff };
    const table = new AddressTable(4, bits, new Random(1).fraction);
    const slot = table.insert(addressOf(1, 1, 2, 3, 4, 5, 6, 0x40, 1), 0);
    expect(table.find(addressOf(1, 1, 2, 3, 4, 5, 6, 0x41, 0), 0)).toBe(slot);
    expect(table.find(addressOf(1, 1, 2, 3, 4, 5, 6, 0x40, 0), 0)).toBe(-1);
  });
});

describe('a walk of addresses that are alike', () => {
  test('visits those with the same lower half, whatever their upper half, and no other', () => {
    for (const random of [new Random(3).fraction, () => 0]) {
      const table = new AddressTable(8, ENDPOINT, random);
      const alike = [1, 2, 3].map((prefix) =>
        table.insert(addressOf(prefix, 9, 9, 9, 9, 1, 1, prefix, 1), 0),
      );
      table.insert(addressOf(1, 9, 9, 9, 9, 2, 2, 0, 1), 0);
      const unknown = addressOf(7, 9, 9, 9, 9, 1, 1, 0, 5);
      expect(slotsAlike(table, unknown)).toEqual(alike.sort());
      table.remove(alike[1]!);
      expect(slotsAlike(table, unknown)).toEqual([alike[0], alike[2]]);
      expect(slotsAlike(table, addressOf(1))).toEqual([]);
    }
  });
});
