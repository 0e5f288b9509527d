import { parseIPv6 } from '@6bed4/codec';
import { expect, test } from 'vitest';
import { SubnetPrefix } from '../../src/address/subnetPrefix.js';

const OWN = parseIPv6('2001:db8:1:2:3:4:5:6');

test('a subnet prefix contains what has the same upper half, at any offset', () => {
  const subnet = new SubnetPrefix(OWN);
  const bytes = new Uint8Array(24).fill(0xff);
  bytes.set(OWN, 5);
  expect(subnet.contains(bytes, 5)).toBe(true);
  expect(subnet.contains(bytes, 4)).toBe(false);
  for (let bit = 0; bit < 128; bit++) {
    const other = bytes.slice();
    other[5 + (bit >>> 3)]! ^= 0x80 >>> (bit & 7);
    expect(subnet.contains(other, 5), `bit ${bit}`).toBe(bit >= 64);
  }
});

test('a subnet prefix is its /64, in bytes of its own each time', () => {
  const address = OWN.slice();
  const subnet = new SubnetPrefix(address);
  address.fill(0);
  expect(subnet.toBytes()).toEqual(parseIPv6('2001:db8:1:2::'));
  subnet.toBytes().fill(0);
  expect(subnet.toBytes()).toEqual(parseIPv6('2001:db8:1:2::'));
  expect(subnet.contains(OWN, 0)).toBe(true);
});
