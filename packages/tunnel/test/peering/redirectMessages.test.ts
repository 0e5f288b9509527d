import { parseIPv6, reference2020 } from '@6bed4/codec';
import { type NdOption, parseNd, type Redirect } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import { RedirectHints } from '../../src/peering/redirectHints.js';
import { buildRedirect, isCredible } from '../../src/peering/redirectMessages.js';
import { Confirmation, Path } from '../../src/report/path.js';
import { ping } from '../support/packets.js';
import { OWN, remoteAt } from '../support/peerBench.js';
import { endpointAt, FakePeeringHost } from '../support/peeringHost.js';

const { layout } = reference2020;
const REMOTE_ENDPOINT = '192.0.2.9:5000';
const REMOTE = remoteAt(REMOTE_ENDPOINT);
const INTERVAL = 10_000;

function linkLocalOf(text: string): Uint8Array {
  const { address, port } = endpointAt(text);
  const bytes = new Uint8Array(16);
  layout.writeLinkLocal(bytes, 0, address, port);
  return bytes;
}

/** The Redirect of the remote that returns our packet, or that with other properties. */
function redirect(overrides: Partial<Redirect> = {}): Redirect {
  const bytes = ping(OWN, REMOTE);
  const own = { address: parseIPv6(REMOTE), endpoint: endpointAt(REMOTE_ENDPOINT) };
  const built = buildRedirect(layout, own, bytes, 0, bytes.length);
  const parsed = parseNd(built, 0, built.length, { lenientRedirect: true });
  if (!parsed.ok || parsed.value.type !== 'redirect') throw new Error('not valid');
  return { ...parsed.value, ...overrides };
}

const caused = (packet: Uint8Array): NdOption[] => [{ type: 'redirected-header', packet }];

function isBelieved(message: Redirect): boolean {
  const isOwn = (address: Uint8Array): boolean => address.join() === parseIPv6(OWN).join();
  return isCredible(layout, message, endpointAt(REMOTE_ENDPOINT), isOwn);
}

describe('a Redirect (draft-01 §6.13)', () => {
  test('names the endpoint of its sender, and goes to the source of the packet that it returns', () => {
    expect(redirect()).toMatchObject({
      source: linkLocalOf(REMOTE_ENDPOINT),
      redirectDestination: linkLocalOf(REMOTE_ENDPOINT),
      target: parseIPv6(REMOTE),
      destination: parseIPv6(OWN),
    });
    expect(isBelieved(redirect())).toBe(true);
  });

  test.each([
    [
      'names another endpoint',
      {
        source: linkLocalOf('192.0.2.9:5001'),
        redirectDestination: linkLocalOf('192.0.2.9:5001'),
      },
    ],
    ['comes from another address than it names', { source: linkLocalOf('192.0.2.9:5001') }],
    ['returns nothing', { options: [] }],
    ['returns less than the addresses', { options: caused(ping(OWN, REMOTE).subarray(0, 39)) }],
    ['returns a packet that was not ours', { options: caused(ping(REMOTE, REMOTE)) }],
    ['returns a packet to another', { options: caused(ping(OWN, remoteAt('192.0.2.10:5000'))) }],
  ])('that %s is not credible', (_, overrides) => {
    expect(isBelieved(redirect(overrides))).toBe(false);
  });

  test('that returns just the header is credible', () => {
    const options = caused(ping(OWN, REMOTE).subarray(0, 40));
    expect(isBelieved(redirect({ options }))).toBe(true);
  });
});

describe('Redirects of ours', () => {
  function bench() {
    const host = new FakePeeringHost();
    const hints = new RedirectHints(host, host.remotes);
    const slot = host.create(REMOTE_ENDPOINT);
    const packet = ping(REMOTE, OWN);
    hints.created(slot, 0);
    host.remotes.paths.confirm(
      slot,
      Path.direct,
      endpointAt(REMOTE_ENDPOINT),
      Confirmation.seen,
      1e6,
      0,
    );
    const relayed = (now: number) => {
      hints.packetRelayed(slot, packet, 0, packet.length, now);
      return host.take();
    };
    return { host, hints, slot, relayed };
  }

  test('go to the remote after ten seconds, with the usual TTL, and each ten seconds at most', () => {
    const { hints, relayed } = bench();
    expect(relayed(INTERVAL - 1)).toEqual([]);
    hints.grow(128);
    const [sent] = relayed(INTERVAL);
    expect([sent!.to, sent!.ttl, sent!.length]).toEqual([REMOTE_ENDPOINT, 0, sent!.bytes.length]);
    expect([relayed(2 * INTERVAL - 1).length, relayed(2 * INTERVAL).length]).toEqual([0, 1]);
  });

  test('are not sent without a direct path or an address of ours, which does not count', () => {
    const { host, slot, relayed } = bench();
    const { own } = host;
    host.own = null;
    expect(relayed(INTERVAL)).toEqual([]);
    host.own = own;
    expect(relayed(INTERVAL)).toHaveLength(1);
    host.remotes.paths.giveUp(slot);
    expect(relayed(2 * INTERVAL)).toEqual([]);
  });
});
