import { draft00Profile, draft02Profile, encodeAddress, parseIPv6 } from '@6bed4/codec';
import type { RouterAdvertisement } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import type { PeerOptions } from '../../src/index.js';
import { ping, prefixOption } from '../support/packets.js';
import {
  advertise,
  OWN,
  OWN_ENDPOINT,
  OWN_PREFIX,
  offer,
  PREFIX,
  REMOTE,
  REMOTE_ENDPOINT,
  ROUTER,
  RoutedPeerBench,
} from '../support/routedPeerBench.js';

const started = (options: Partial<PeerOptions> = {}): RoutedPeerBench => {
  const bench = new RoutedPeerBench(options);
  bench.peer.start(bench.now);
  return bench;
};

/** An offer under another /64, or for another endpoint. */
const offerOf = (
  prefix: string,
  overrides: Parameters<typeof prefixOption>[1] = {},
  peer = OWN_ENDPOINT,
): ReturnType<typeof prefixOption> => {
  const bytes = parseIPv6(encodeAddress({ prefix: PREFIX, peer, lanip: 0 }));
  bytes.set(parseIPv6(prefix).subarray(0, 8));
  return prefixOption(bytes, overrides);
};

/** The address that a peer gets from an answer, or null where it refuses. */
const addressFrom = (
  overrides: Partial<RouterAdvertisement>,
  options: Partial<PeerOptions> = {},
  from = ROUTER,
): string | null => {
  const bench = started(options);
  bench.answer(overrides, from);
  const [uplink] = bench.peer.uplinks;
  if (uplink!.lease === null) expect(bench.drops).toEqual({ 'advertisement-refused': 1 });
  return uplink!.lease?.address ?? null;
};

const own = (prefix: string): string => encodeAddress({ prefix, peer: OWN_ENDPOINT, lanip: 1 });

describe('accepting an advertisement (draft-03 §4, draft-04 §3.2)', () => {
  test('reports the address and all that came with it in one event', () => {
    const bench = started();
    bench.answer();
    expect(bench.recorder.events).toEqual([
      {
        type: 'address-acquired',
        router: { address: '198.51.100.1', port: 25790 },
        address: OWN,
        prefix: `${OWN_PREFIX}/114`,
        publicEndpoint: { address: '203.0.113.5', port: 40000 },
        temporary: false,
        routes: [],
        defaultRouter: true,
      },
    ]);
    expect(bench.peer.uplinks[0]).toMatchObject({ state: 'leased', attempts: 0 });
  });

  test.each<[string, Partial<RouterAdvertisement>]>([
    ['the source fe80::1', { source: parseIPv6('fe80::1') }],
    ["another router's link-local address", { source: parseIPv6('fe80::c633:6402:64be') }],
    ['the M flag', { managed: true }],
    ['a global destination', { destination: parseIPv6(OWN) }],
    ['a multicast destination of site scope', { destination: parseIPv6('ff05::1') }],
    ['no prefix', { options: [] }],
    ['a longer prefix', { options: [offer({ prefixLength: 115 })] }],
    ['a shorter prefix', { options: [offer({ prefixLength: 113 })] }],
    ['a prefix that is not on-link', { options: [offer({ onLink: false })] }],
    ['a prefix that is not autonomous', { options: [offer({ autonomous: false })] }],
    ['a retracted prefix', { options: [offer({ validLifetime: 0, preferredLifetime: 0 })] }],
    [
      'a prefix preferred for longer than it is valid (RFC 4862 §5.5.3 c)',
      { options: [offer({ validLifetime: 10, preferredLifetime: 11 })] },
    ],
    ['a deprecated prefix', { options: [offer({ preferredLifetime: 0 })] }],
    ['a link-local prefix (RFC 4862 §5.5.3 b)', { options: [offerOf('fe80::')] }],
    ['the end of fe80::/10', { options: [offerOf('febf:ffff:ffff:ffff::')] }],
    ['a multicast prefix', { options: [offerOf('ff0e::')] }],
    ['::/64', { options: [offerOf('::')] }],
    ['the prefix of another router (draft-03 §6)', { options: [offerOf('fc64:bed:c633:6402::')] }],
    ['the same with another netid', { options: [offerOf('fc64:1:c633:6402::')] }],
    [
      'an endpoint of port 0',
      { options: [offer({ prefix: parseIPv6('fc64:bed:c633:6401:c800:7105:0:c000') })] },
    ],
    [
      'an endpoint in 0.0.0.0/8',
      { options: [offer({ prefix: parseIPv6('fc64:bed:c633:6401::9c40:0') })] },
    ],
    [
      'an opaque lower half',
      { options: [offer({ prefix: parseIPv6('fc64:bed:c633:6401:cb00:7105:9c40:c000') })] },
    ],
    ['a loopback endpoint', { options: [offerOf(PREFIX.slice(0, -3), {}, '127.0.0.1:4000')] }],
    ['a multicast endpoint', { options: [offerOf(PREFIX.slice(0, -3), {}, '224.0.0.1:4000')] }],
  ])('refuses %s', (_name, overrides) => {
    expect(addressFrom(overrides)).toBeNull();
  });

  test.each<[string, Partial<RouterAdvertisement>]>([
    ['the O, H and P flags', { other: true, homeAgent: true, proxy: true }],
    [
      'any hop limit, times and preference',
      { currentHopLimit: 1, reachableTime: 9, retransTimer: 9, preference: 'high' },
    ],
    [
      'options that mean nothing here',
      {
        options: [
          { type: 'mtu', mtu: 576 },
          offer(),
          { type: 'unknown', code: 200, body: new Uint8Array(6) },
        ],
      },
    ],
    ['a link-local destination', { destination: parseIPv6('fe80::1234') }],
    [
      'a prefix preferred for just as long as it is valid',
      { options: [offer({ validLifetime: 10, preferredLifetime: 10 })] },
    ],
    ['its own prefix with another netid', { options: [offerOf('fc64:1:c633:6401::')] }],
    ['a native prefix', { options: [offerOf('2001:db8:1:2::')] }],
  ])('accepts %s', (_name, overrides) => {
    expect(addressFrom(overrides)).not.toBeNull();
  });

  test('refuses a bad checksum or hop limit', () => {
    const bench = started();
    const badChecksum = advertise();
    badChecksum[50]! ^= 1;
    const badHopLimit = advertise();
    badHopLimit[7] = 64;
    bench.datagram(ROUTER, badChecksum);
    bench.datagram(ROUTER, badHopLimit);
    expect(bench.drops).toEqual({ 'nd-invalid': 2 });
  });

  test.each(['198.51.100.1:25791', '198.51.100.2:25790', REMOTE_ENDPOINT])(
    'refuses one from %s, which is not the router',
    (from) => {
      expect(addressFrom({}, {}, from)).toBeNull();
    },
  );

  test.each([
    ['link-scoped form', 'fe80::c633:6401:64be', 'fe80::c633:6401:64bf'],
    ['interface identifier', 'fe80::c433:6401:64be:8000', 'fe80::c433:6401:64be:c000'],
  ])("accepts the router's link-local address in its %s (draft-03 §3)", (_name, right, wrong) => {
    expect(addressFrom({ source: parseIPv6(right) })).toBe(OWN);
    expect(addressFrom({ source: parseIPv6(wrong) })).toBeNull();
  });

  test('accepts a private endpoint unless options forbid that', () => {
    const options = [offerOf(PREFIX.slice(0, -3), {}, '192.168.0.9:4000')];
    expect(addressFrom({ options })).not.toBeNull();
    expect(addressFrom({ options }, { allowPrivate: false })).toBeNull();
  });

  test('takes for 6bed4-prefixed what the profile says', () => {
    const options = [offerOf('fc64:bed:c633:6402::')];
    const from = '198.51.100.1:27629';
    expect(addressFrom({ options }, { profile: draft02Profile }, from)).toBe(
      own('fc64:bed:c633:6402::/64'),
    );
  });

  test('reads the /112 of draft-00', () => {
    const prefix = parseIPv6('2001:db8:1:2:cb00:7105:9c40:0');
    const bench = started({ profile: draft00Profile });
    bench.answer({ options: [prefixOption(prefix, { prefixLength: 112 })] }, '198.51.100.1:3653');
    expect(bench.peer.uplinks[0]!.lease).toMatchObject({
      address: '2001:db8:1:2:cb00:7105:9c40:1',
      prefix: '2001:db8:1:2:cb00:7105:9c40:0/112',
    });
  });

  test('copies what it keeps of a Node.js Buffer, whose slice does not copy', () => {
    const bench = started();
    const nonce = bench.recorder.nonce!;
    const payload = advertise({ options: [offer(), { type: 'nonce', nonce }] });
    const buffer = Buffer.from(payload);
    bench.peer.handleDatagram(buffer, 0, buffer.length, 0xc633_6401, 25790, bench.now);
    expect(bench.recorder.events).toMatchObject([{ address: OWN, prefix: `${OWN_PREFIX}/114` }]);
    expect(new Uint8Array(buffer)).toEqual(payload);
    buffer.fill(0);
    expect(bench.packet(ping(OWN, REMOTE)).sent).toHaveLength(1);
  });

  test('makes the address under the prefix that the lanip option says', () => {
    const address = encodeAddress({ prefix: PREFIX, peer: OWN_ENDPOINT, lanip: 16383 });
    expect(addressFrom({}, { lanip: 16383 })).toBe(address);
  });
});

describe('of several prefixes', () => {
  const native = (at: number): ReturnType<typeof offer> => offerOf(`2001:db8:1:${at}::`);

  test('the last counts where none names the router, as with deployed peers', () => {
    expect(addressFrom({ options: [native(1), native(2)] })).toBe(own('2001:db8:1:2::/64'));
  });

  test('the first that names the router counts', () => {
    const options = [native(1), offer(), offerOf('fc64:1:c633:6401::'), native(2)];
    expect(addressFrom({ options })).toBe(OWN);
  });

  test('those that cannot be used do not count', () => {
    const options = [
      offerOf('fc64:bed:c633:6401::', { preferredLifetime: 0 }),
      offerOf('fc64:1:c633:6401::', { validLifetime: 0, preferredLifetime: 0 }),
      offerOf(PREFIX.slice(0, -3), {}, '127.0.0.1:4000'),
      native(1),
      offerOf('fc64:bed:c633:6402::'),
      offerOf('2001:db8:1:2::', { onLink: false }),
    ];
    expect(addressFrom({ options })).toBe(own('2001:db8:1:1::/64'));
  });
});
