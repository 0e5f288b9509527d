import { draft04Profile, parseIPv6 } from '@6bed4/codec';
import { findOption } from '@6bed4/nd';
import { beforeEach, describe, expect, test } from 'vitest';
import { BoundPrefixes } from '../../src/peering/boundPrefixes.js';
import { Drop } from '../../src/report/drop.js';
import { ping } from '../support/packets.js';
import { OWN, OWN_ENDPOINT, remoteAt } from '../support/peerBench.js';
import { endpointAt, FakePeeringHost } from '../support/peeringHost.js';

const REMOTE_ENDPOINT = '192.0.2.9:5000';
const BOUND_ENDPOINT = '203.0.113.5:50000';
const BINDING_INTERVAL = 10_000;
const WINDOW = 3_000;

let host: FakePeeringHost;
let bound: BoundPrefixes;
let slot: number;

beforeEach(() => {
  host = new FakePeeringHost(draft04Profile, 'endpoint');
  bound = new BoundPrefixes(host, host.remotes, true);
  slot = host.create(REMOTE_ENDPOINT);
  bound.restart(slot);
});

/** The remote says that it sees us there. */
function offered(endpoint: string, nonce: Uint8Array | null, now: number, base = OWN, at = slot) {
  const lifetimes = { validLifetime: 1, preferredLifetime: 1 };
  const offer = { base: parseIPv6(base), endpoint: endpointAt(endpoint), prefix: lifetimes };
  return bound.offered(at, offer, nonce, now);
}

function asked(now: number): Uint8Array {
  offered(BOUND_ENDPOINT, null, now);
  return findOption(host.take()[0]!.message!.options, 'nonce')!.nonce;
}

function bind(endpoint = BOUND_ENDPOINT): void {
  expect(offered(endpoint, asked(0), 0)).toBe(Drop.none);
}

const owns = (address: string): boolean => bound.owns(slot, parseIPv6(address), 0);

const fits = (address: string): boolean =>
  bound.fitsSource(slot, 0, ping(address, remoteAt(REMOTE_ENDPOINT)), 0, 48);

describe('a remote that never corrected our address', () => {
  test('refuses packets from an address that encodes another endpoint', () => {
    expect(fits(OWN)).toBe(true);
    host.isSource = false;
    expect(fits(OWN)).toBe(false);
  });

  test('is the one that our address is compared for', () => {
    const remotes = ['192.0.2.21:5000', '192.0.2.22:5000'];
    const slots = remotes.map((endpoint) => host.create(endpoint));
    const asked = slots.map((other) => {
      bound.fitsSource(other, 0, ping(OWN, remoteAt(REMOTE_ENDPOINT)), 0, 48);
      return host.askedAbout;
    });
    expect(asked).toEqual(remotes.map((endpoint) => remoteAt(endpoint)));
  });
});

describe('a remote that corrects our address', () => {
  test('is solicited from our own, in 96 bytes with the usual TTL', () => {
    expect(offered(BOUND_ENDPOINT, null, 0)).toBe(Drop.none);
    const [sent, ...others] = host.take();
    expect(others).toEqual([]);
    expect([sent!.to, sent!.ttl, sent!.length]).toEqual([REMOTE_ENDPOINT, 0, 96]);
    expect(sent!.message).toMatchObject({ type: 'router-solicitation', source: parseIPv6(OWN) });
  });

  test('is solicited each ten seconds at most', () => {
    const times = [0, BINDING_INTERVAL - 1, BINDING_INTERVAL].map((now) => {
      offered(BOUND_ENDPOINT, null, now);
      return host.take().length;
    });
    expect(times).toEqual([1, 0, 1]);
    bound.restart(slot);
    offered(BOUND_ENDPOINT, null, BINDING_INTERVAL + 1);
    expect(host.take()).toHaveLength(1);
  });

  test('is solicited when what came from there is worth 124 bytes', () => {
    const inbound = host.createInbound('192.0.2.10:5000');
    bound.restart(inbound);
    host.remotes.credit.earn(inbound, 123);
    offered(BOUND_ENDPOINT, null, 0, OWN, inbound);
    expect(host.take()).toEqual([]);
    host.remotes.credit.earn(inbound, 1);
    offered(BOUND_ENDPOINT, null, 0, OWN, inbound);
    expect(host.take()).toHaveLength(1);
    expect(host.remotes.credit.affords(inbound, 1)).toBe(false);
  });

  test('is refused under another prefix, for an endpoint nobody can be at, or without an address of ours', () => {
    const other = remoteAt(OWN_ENDPOINT).replace(/^fc64:bed:c633:6401:/, 'fc64:bed:c633:6402:');
    expect(offered(BOUND_ENDPOINT, null, 0, other)).toBe(Drop.advertisementRefused);
    host.isAccepted = false;
    expect(offered(BOUND_ENDPOINT, null, 0)).toBe(Drop.advertisementRefused);
    host.isAccepted = true;
    host.own = null;
    expect(offered(BOUND_ENDPOINT, null, 0)).toBe(Drop.advertisementRefused);
    expect(host.take()).toEqual([]);
  });

  test('counts with our nonce for three seconds', () => {
    const nonce = asked(0);
    expect(offered(BOUND_ENDPOINT, nonce, WINDOW + 1)).toBe(Drop.advertisementRefused);
    expect(offered(BOUND_ENDPOINT, new Uint8Array(6), WINDOW)).toBe(Drop.advertisementRefused);
    expect(owns(remoteAt(BOUND_ENDPOINT))).toBe(false);
    expect(offered(BOUND_ENDPOINT, nonce, WINDOW)).toBe(Drop.none);
    expect(owns(remoteAt(BOUND_ENDPOINT))).toBe(true);
  });
});

describe('the address under which a remote sees us', () => {
  test('is under our prefix, and encodes the endpoint that it told', () => {
    bind();
    const address = remoteAt(BOUND_ENDPOINT);
    expect([owns(address), owns(OWN), owns(remoteAt('203.0.113.6:50000'))]).toEqual([
      true,
      false,
      false,
    ]);
    expect(owns(address.replace(/^fc64:bed:c633:6401:/, 'fc64:bed:c633:6402:'))).toBe(false);
    host.own = null;
    expect(owns(address)).toBe(false);
  });

  test('is our usual one again once the remote sees us there', () => {
    bind();
    expect([fits(OWN), fits(remoteAt(BOUND_ENDPOINT))]).toEqual([false, true]);
    const nonce = asked(BINDING_INTERVAL);
    expect(offered(OWN_ENDPOINT, nonce, BINDING_INTERVAL)).toBe(Drop.none);
    expect([owns(OWN), owns(remoteAt(BOUND_ENDPOINT))]).toEqual([false, false]);
    expect([fits(OWN), fits(remoteAt(BOUND_ENDPOINT))]).toEqual([true, true]);
  });

  test('is no usual one where only the port, or only the IPv4 address, is that of our own', () => {
    for (const endpoint of [BOUND_ENDPOINT, '203.0.113.6:40000']) {
      bound.restart(slot);
      bind(endpoint);
      expect([owns(remoteAt(endpoint)), fits(OWN)], endpoint).toEqual([true, false]);
    }
  });

  test('is nowhere before the remote told it, or after our network changed', () => {
    const nowhere = parseIPv6(OWN);
    host.layout.writeUnchecked(nowhere, 0, 0, 0, 1);
    expect(bound.owns(slot, nowhere, 0)).toBe(false);
    bind();
    bound.restart(slot);
    expect([owns(remoteAt(BOUND_ENDPOINT)), fits(OWN)]).toEqual([false, true]);
  });

  test('is kept while the table grows', () => {
    bind();
    bound.grow(128);
    expect(owns(remoteAt(BOUND_ENDPOINT))).toBe(true);
  });
});
