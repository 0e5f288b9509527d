import { toHex } from '@6bed4/testing/bytes';
import { Random } from '@6bed4/testing/random';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AddressTable } from '../../src/neighbors/addressTable.js';

/** Addresses that differ in one byte only, wherever that is. */
function neighboring(index: number): Uint8Array {
  const address = new Uint8Array(16);
  address[index >> 8] = index & 0xff;
  return address;
}

describe('a table of addresses', () => {
  test('finds what was put in, at any offset, and nothing else', () => {
    const table = new AddressTable(8, new Random(1).fraction);
    const buffer = new Uint8Array(40);
    buffer.set(neighboring(5), 11);
    expect(table.find(buffer, 11)).toBe(-1);
    table.insert(3, buffer, 11);
    expect(table.find(buffer, 11)).toBe(3);
    expect(table.find(buffer, 10)).toBe(-1);
    const copy = new Uint8Array(20);
    table.copyAddress(3, copy, 2);
    expect(toHex(copy)).toBe(`0000${toHex(neighboring(5))}0000`);
    table.remove(3);
    expect(table.find(buffer, 11)).toBe(-1);
  });

  test('behaves as a Map with text keys, whatever is done to it, whatever its hash', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.constantFrom(1, 2, 3, 8, 13),
        fc.array(fc.tuple(fc.boolean(), fc.nat(60)), { maxLength: 100 }),
        (seed, capacity, commands) => {
          const table = new AddressTable(capacity, new Random(seed).fraction);
          const model = new Map<string, number>();
          const free = Array.from({ length: capacity }, (_, slot) => slot);
          for (const [insert, index] of commands) {
            const address = neighboring(index * 67);
            const key = toHex(address);
            const slot = model.get(key);
            expect(table.find(address, 0)).toBe(slot ?? -1);
            if (insert && slot === undefined && free.length > 0) {
              const unused = free.pop()!;
              table.insert(unused, address, 0);
              model.set(key, unused);
            } else if (!insert && slot !== undefined) {
              table.remove(slot);
              model.delete(key);
              free.push(slot);
            }
          }
          for (let index = 0; index <= 60; index++) {
            const address = neighboring(index * 67);
            expect(table.find(address, 0)).toBe(model.get(toHex(address)) ?? -1);
          }
        },
      ),
    );
  });

  test('works with a hash that is the same for all', () => {
    const table = new AddressTable(50, () => 0);
    for (let index = 0; index < 50; index++) table.insert(index, neighboring(index), 0);
    for (let index = 0; index < 50; index += 2) table.remove(index);
    for (let index = 0; index < 50; index++) {
      expect(table.find(neighboring(index), 0)).toBe(index % 2 === 0 ? -1 : index);
    }
  });

  test('spreads similar addresses as chance would, for any seed', () => {
    const addresses = Array.from({ length: 4096 }, (_, index) => neighboring(index)).filter(
      (address, index) => index === 0 || address.some((byte) => byte !== 0),
    );
    for (let seed = 1; seed <= 8; seed++) {
      const table = new AddressTable(addresses.length, new Random(seed).fraction);
      addresses.forEach((address, slot) => {
        table.insert(slot, address, 0);
      });
      let reads = 0;
      for (const address of addresses) {
        const counting = new Proxy(address, {
          get: (target, property) => {
            reads++;
            return Reflect.get(target, property);
          },
        });
        table.find(counting, 0);
      }
      // 16 bytes for the hash, 16 for the right slot, and less than one wrong slot on average.
      expect(reads / addresses.length).toBeLessThan(48);
    }
  });
});
