import { draft04Profile, encodeAddress, formatIPv6, parseIPv6 } from '@6bed4/codec';
import {
  buildNd,
  findOption,
  type NdOption,
  type NeighborAdvertisement,
  parseNd,
  type Redirect,
} from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import { Draft01Bench } from '../support/draft01Bench.js';
import { ping } from '../support/packets.js';
import { messageIn, PeeringBench, remoteAt, solicitations } from '../support/peerBench.js';
import {
  NATIVE,
  OWN,
  OWN_PREFIX,
  PREFIX,
  REMOTE,
  REMOTE_ENDPOINT,
  ROUTER,
  RoutedPeerBench,
} from '../support/routedPeerBench.js';

describe('a Neighbor Solicitation for us (draft-03 §8.2)', () => {
  const nonce: NdOption = { type: 'nonce', nonce: Uint8Array.of(1, 2, 3, 4, 5, 6) };
  const solicitation = (
    source: string,
    target: string,
    destination = target,
    options: NdOption[] = [nonce],
  ): Uint8Array =>
    buildNd({
      type: 'neighbor-solicitation',
      source: parseIPv6(source),
      destination: parseIPv6(destination),
      target: parseIPv6(target),
      options,
    });
  /** One that names its sender, whose answer names us. */
  const naming = (source: string, target: string): Uint8Array =>
    solicitation(source, target, target, [
      nonce,
      { type: 'source-link-layer', address: new Uint8Array(6) },
    ]);

  test.each([
    ['the router', ROUTER, NATIVE],
    ['a remote, directly', REMOTE_ENDPOINT, REMOTE],
  ])('from %s is answered on the path that it took, with its nonce', (_name, from, source) => {
    const { sent } = RoutedPeerBench.leased().datagram(from, solicitation(source, OWN));
    expect(sent.map((datagram) => datagram.to)).toEqual([from]);
    const answer = parseNd(sent[0]!.payload, 0, sent[0]!.payload.length);
    if (!answer.ok || answer.value.type !== 'neighbor-advertisement') throw new Error('no NA');
    expect(answer.value).toMatchObject({ router: false, solicited: true, override: false });
    expect(formatIPv6(answer.value.target)).toBe(OWN);
    expect(formatIPv6(answer.value.source)).toBe(OWN);
    expect(findOption(answer.value.options, 'nonce')?.nonce).toEqual(
      Uint8Array.of(1, 2, 3, 4, 5, 6),
    );
  });

  test('from an address that encodes another endpoint is not answered', () => {
    const bench = RoutedPeerBench.leased();
    expect(bench.datagram('203.0.113.9:5001', solicitation(REMOTE, OWN)).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'source-mismatch': 1 });
  });

  test('for another target is not answered', () => {
    const bench = RoutedPeerBench.leased();
    expect(bench.datagram(ROUTER, solicitation(NATIVE, REMOTE)).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'nd-unexpected': 1 });
  });

  const answerTo = (bench: RoutedPeerBench, bytes: Uint8Array): NeighborAdvertisement | null => {
    const { sent } = bench.datagram(REMOTE_ENDPOINT, bytes);
    if (sent.length === 0) return null;
    const parsed = parseNd(sent[0]!.payload, 0, sent[0]!.payload.length);
    if (!parsed.ok || parsed.value.type !== 'neighbor-advertisement') throw new Error('no NA');
    return parsed.value;
  };
  const lanip = (number: number): string =>
    encodeAddress({ prefix: PREFIX, peer: '203.0.113.5:40000', lanip: number });

  test('is answered for every lanip but 0, overriding for our own address alone (RFC 4861 §7.2.8)', () => {
    const bench = RoutedPeerBench.leased({ lanip: 7 });
    const flags = [1, 7, 8, 16_383].map(
      (number) => answerTo(bench, naming(REMOTE, lanip(number)))?.override,
    );
    expect(flags).toEqual([false, true, false, false]);
    expect(answerTo(bench, solicitation(REMOTE, OWN_PREFIX))).toBeNull();
    expect(bench.drops).toEqual({ 'nd-unexpected': 1 });
  });

  test.each([
    ['another address of ours', lanip(9)],
    ['the multicast address of the target', 'ff02::1:ff40:8001'],
  ])('is answered when it went to %s', (_, destination) => {
    const named = buildNd({
      type: 'neighbor-solicitation',
      source: parseIPv6(REMOTE),
      destination: parseIPv6(destination),
      target: parseIPv6(OWN),
      options: [{ type: 'source-link-layer', address: new Uint8Array(6) }],
    });
    expect(answerTo(RoutedPeerBench.leased(), named)).toMatchObject({ override: true });
  });

  test('is not answered when it went to an address that is not ours', () => {
    const bench = RoutedPeerBench.leased();
    for (const destination of [REMOTE, NATIVE, OWN_PREFIX, 'fe80::1']) {
      expect(answerTo(bench, solicitation(REMOTE, OWN, destination))).toBeNull();
    }
    expect(bench.drops).toEqual({ 'destination-not-ours': 4 });
  });

  test('is not answered by more bytes: to many, and without the address of its sender', () => {
    const bench = RoutedPeerBench.leased();
    expect(answerTo(bench, solicitation(REMOTE, OWN, 'ff02::1:ff40:8001'))).toBeNull();
    expect(bench.drops).toEqual({ 'nd-unexpected': 1 });
  });

  test('is answered for our link-local addresses in draft01 (§6.9), and nowhere else', () => {
    const { identifier, linkScoped } = Draft01Bench.linkLocalOf(Draft01Bench.OWN_ENDPOINT);
    const bench = new Draft01Bench();
    const cases = [identifier, linkScoped].flatMap((target, index) => {
      const from = `192.0.2.8:${5000 + 2 * index}`;
      return [
        { target, from, source: Draft01Bench.linkLocalOf(from).identifier },
        { target, from, source: bench.remoteAt(from) },
      ];
    });
    for (const { target, from, source } of cases) {
      bench.arrives(from, naming(source, target));
      const answers = bench.take().map(messageIn);
      expect(answers.find((message) => message?.type === 'neighbor-advertisement')).toMatchObject({
        solicited: true,
        override: true,
        target: parseIPv6(target),
      });
    }
    bench.arrives('192.0.2.8:5000', solicitation(bench.remoteAt('192.0.2.8:5000'), 'fe80::1'));
    expect(bench.peer.counters.snapshot().drops).toEqual({ 'nd-unexpected': 1 });
    const other = RoutedPeerBench.leased();
    const own = encodeAddress({ prefix: 'fe80::/64', peer: '203.0.113.5:40000' });
    expect(answerTo(other, solicitation(REMOTE, own))).toBeNull();
  });

  test.each([
    ['a routable address', '20ff::1', 1, {}],
    ['a link-local address', 'fe80::9', 1, {}],
    ['the loopback address', '::1', 0, { 'source-not-allowed': 1 }],
    ['an IPv4-mapped address', '::ffff:192.0.2.1', 0, { 'source-not-allowed': 1 }],
  ])('through the router is answered to %s: %s', (_, source, count, drops) => {
    const bench = RoutedPeerBench.leased();
    expect(bench.datagram(ROUTER, naming(source, OWN)).sent).toHaveLength(count);
    expect(bench.drops).toEqual(drops);
  });

  test('directly from a link-local address is answered only if that is of its endpoint', () => {
    const own = encodeAddress({ prefix: 'fe80::/64', peer: REMOTE_ENDPOINT });
    const bench = RoutedPeerBench.leased();
    expect(answerTo(bench, naming(own, OWN))).toMatchObject({ destination: parseIPv6(own) });
    expect(answerTo(bench, naming('fe80::9', OWN))).toBeNull();
    expect(bench.drops).toEqual({ 'source-not-allowed': 1 });
  });

  test('is answered 100 times at once and then 50 times a second, for each IPv4 address', () => {
    const bench = RoutedPeerBench.leased();
    const answers = (): number => {
      let count = 0;
      for (let step = 0; step < 120; step++) {
        count += bench.datagram(ROUTER, solicitation(NATIVE, OWN)).sent.length;
      }
      return count;
    };
    expect(answers()).toBe(100);
    expect(bench.drops).toEqual({ 'rate-limited': 20 });
    expect(answerTo(bench, solicitation(REMOTE, OWN))).not.toBeNull();
    bench.now += 1_000;
    expect(answers()).toBe(50);
  });

  test('from our local network is none of that where no remotes are searched there', () => {
    const neighbor = encodeAddress({ prefix: PREFIX, peer: '203.0.113.5:41234', lanip: 1 });
    const outcome = (lanSearch: boolean): object => {
      const bench = new PeeringBench({ peering: { lanSearch } });
      bench.peer.setLocalSubnets(['192.168.1.0/24']);
      bench.arrives('192.168.1.7:6666', solicitation(neighbor, OWN));
      return [bench.take().length > 0, bench.peer.counters.snapshot().drops];
    };
    expect(outcome(false)).toEqual([false, { 'source-mismatch': 1 }]);
    expect(outcome(true)).toEqual([true, { 'rate-limited': 1 }]);
  });
});

describe('a Router Solicitation (draft-04 §3.2, §3.3)', () => {
  const solicitation = {
    type: 'router-solicitation' as const,
    source: parseIPv6('::'),
    destination: parseIPv6('ff02::2'),
  };

  test('from :: with a link-layer address, as deployed peers send it, is answered', () => {
    const bench = RoutedPeerBench.leased({ profile: draft04Profile });
    const bytes = buildNd({
      ...solicitation,
      options: [
        { type: 'source-link-layer', address: new Uint8Array(6) },
        { type: 'unknown', code: 253, body: new Uint8Array(54) },
      ],
    });
    const { sent } = bench.datagram(REMOTE_ENDPOINT, bytes);
    expect(sent.map(messageIn)).toMatchObject([{ type: 'router-advertisement' }]);
  });

  test('of a router is not answered', () => {
    const bench = RoutedPeerBench.leased({ profile: draft04Profile });
    const padding: NdOption = { type: 'unknown', code: 253, body: new Uint8Array(54) };
    expect(bench.datagram(ROUTER, buildNd({ ...solicitation, options: [padding] })).sent).toEqual(
      [],
    );
    expect(bench.drops).toEqual({ 'nd-unexpected': 1 });
  });
});

describe('a Neighbor Advertisement (draft-03 §6, RFC 4861 §7.2.5)', () => {
  const ASKED_ENDPOINT = '192.0.2.9:5000';
  const ASKED = remoteAt(ASKED_ENDPOINT);

  /** What becomes of an advertisement with our nonce, when we have solicited. */
  const take = (
    overrides: Partial<Record<'source' | 'destination' | 'from', string>> & {
      solicited?: boolean;
    },
  ): object => {
    const bench = new PeeringBench();
    const [solicitation] = solicitations(bench.pings(ASKED));
    const nonce = findOption(solicitation!.options, 'nonce')!.nonce;
    bench.arrives(
      overrides.from ?? ASKED_ENDPOINT,
      buildNd({
        type: 'neighbor-advertisement',
        source: parseIPv6(overrides.source ?? ASKED),
        destination: parseIPv6(overrides.destination ?? OWN),
        router: false,
        solicited: overrides.solicited ?? true,
        override: true,
        target: parseIPv6(ASKED),
        options: [{ type: 'nonce', nonce }],
      }),
    );
    const { path } = bench.peer.remotes(bench.now)[0]!;
    return [path, Object.keys(bench.peer.counters.snapshot().drops)];
  };

  test('from the address that was solicited, or another of its sender, proves the path', () => {
    expect(take({})).toEqual(['direct', []]);
    expect(take({ source: remoteAt(ASKED_ENDPOINT, 2) })).toEqual(['direct', []]);
    const other = encodeAddress({ prefix: 'fc64:bed:c633:6409::/64', peer: ASKED_ENDPOINT });
    expect(take({ source: other })).toEqual(['direct', []]);
  });

  test.each([
    ['that answers nothing', { solicited: false }, 'nd-unexpected'],
    ['from a native source', { source: '2001:db8::dead' }, 'source-not-allowed'],
    ['from a multicast source', { source: 'ff02::1' }, 'source-not-allowed'],
    ['from ::', { source: '::' }, 'source-not-allowed'],
    ['from a link-local source', { source: 'fe80::1' }, 'source-not-allowed'],
    [
      'from an address of another endpoint',
      { source: remoteAt('192.0.2.9:5001') },
      'source-mismatch',
    ],
    ['from another endpoint than it encodes', { from: '192.0.2.9:5001' }, 'source-mismatch'],
    ['to a native destination', { destination: '2001:db8::1' }, 'destination-not-ours'],
    ['to another peer', { destination: ASKED }, 'destination-not-ours'],
    ['to lanip 0', { destination: OWN_PREFIX }, 'destination-not-ours'],
    ['through the router', { from: ROUTER }, 'nd-unexpected'],
  ])('%s proves nothing', (_, overrides, reason) => {
    expect(take(overrides)).toEqual(['relayed', [reason]]);
  });

  test('to all nodes must not say that it answers (RFC 4861 §7.1.2), and proves nothing', () => {
    expect(take({ destination: 'ff02::1' })).toEqual(['relayed', ['nd-invalid']]);
    expect(take({ destination: 'ff02::1', solicited: false })).toEqual([
      'relayed',
      ['nd-unexpected'],
    ]);
  });
});

describe('a Redirect (draft-01 §6.13)', () => {
  const FROM = '192.0.2.8:5000';
  const { identifier, linkScoped } = Draft01Bench.linkLocalOf(FROM);

  /** Whether a Redirect makes us solicit its sender; and why not. */
  const take = (overrides: Partial<Redirect>, from = FROM): object => {
    const bench = new Draft01Bench();
    const remote = bench.remoteAt(FROM);
    const packet = ping(bench.own, remote);
    bench.sends(packet);
    bench.waits(20_000);
    const redirect = buildNd({
      type: 'redirect',
      source: parseIPv6(identifier),
      destination: parseIPv6(bench.own),
      target: parseIPv6(remote),
      redirectDestination: parseIPv6(identifier),
      options: [{ type: 'redirected-header', packet }],
      ...overrides,
    });
    bench.arrives(from, redirect);
    const { drops } = bench.peer.counters.snapshot();
    return [solicitations(bench.take()).length, Object.keys(drops)];
  };

  test('from a link-local address of its sender is a hint, in either form', () => {
    expect(take({})).toEqual([1, []]);
    expect(take({ source: parseIPv6(linkScoped) })).toEqual([1, []]);
  });

  test.each([
    ['another link-local source', { source: parseIPv6('fe80::1') }, 'source-mismatch'],
    ['a global source', { source: parseIPv6('2001:db8::1') }, 'nd-invalid'],
    [
      'a destination that is not ours',
      { destination: parseIPv6('2001:db8::1') },
      'destination-not-ours',
    ],
  ])('with %s is not', (_, overrides, reason) => {
    expect(take(overrides)).toEqual([0, [reason]]);
  });

  test('from elsewhere is not', () => {
    expect(take({}, '192.0.2.8:5002')).toEqual([0, ['source-mismatch']]);
    expect(take({}, '127.0.0.1:5000')).toEqual([0, ['source-endpoint-refused']]);
    expect(take({}, Draft01Bench.ROUTER)).toEqual([0, ['nd-unexpected']]);
  });
});
