import { seededRandom } from '@6bed4/testing/random';
import { beforeEach, expect, test } from 'vitest';
import { OutboundRemotes } from '../../src/socket/outboundRemotes.js';
import { numbered } from '../support/fragments.js';

let remotes: OutboundRemotes;

beforeEach(() => {
  remotes = new OutboundRemotes(seededRandom(1));
});

test('a remote is outbound when the local side sent first', () => {
  const [ours, theirs] = [numbered(1), numbered(2)];
  expect(remotes.has(ours, 0)).toBe(false);
  remotes.sent(ours, 0);
  remotes.received(ours, 0);
  remotes.received(theirs, 0);
  remotes.sent(theirs, 0);
  expect([remotes.has(ours, 0), remotes.has(theirs, 0)]).toEqual([true, false]);
});

test('the unspecified address is as any other, though the table begins with zeros', () => {
  expect(remotes.has(new Uint8Array(16), 0)).toBe(false);
  remotes.sent(new Uint8Array(16), 0);
  expect(remotes.has(new Uint8Array(16), 0)).toBe(true);
});

test('strangers never displace a remote that the local side began with', () => {
  const ours = Array.from({ length: 20 }, (_, index) => numbered(index));
  for (const address of ours) remotes.sent(address, 0);
  const kept = ours.filter((address) => remotes.has(address, 0));
  expect(kept.length).toBeGreaterThan(15);
  for (let index = 0; index < 20_000; index++) remotes.received(numbered(1000 + index), 0);
  expect(kept.every((address) => remotes.has(address, 0))).toBe(true);
});

test('addresses are read at their offset', () => {
  const packet = new Uint8Array(40);
  packet.set(numbered(5), 24);
  remotes.sent(packet, 24);
  expect(remotes.has(numbered(5), 0)).toBe(true);
  expect(remotes.has(packet, 8)).toBe(false);
});
