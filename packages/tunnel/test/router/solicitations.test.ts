import { draft01Profile, draft04Profile, findProfile, formatIPv6, parseIPv6 } from '@6bed4/codec';
import { findOption } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import { RouterBench } from '../support/routerBench.js';
import {
  A,
  ADDRESS_A,
  ADDRESS_B,
  addressOf,
  advertisement,
  B,
  FOREIGN,
  FOREIGN_ADDRESS,
  NATIVE,
  neighborAdvertisement,
  OTHER_PREFIX,
  prefixes,
  ROUTER,
  SELF,
  SOURCE_LINK_LAYER,
  solicit,
  solicitation,
} from '../support/routerMessages.js';

describe('Router Solicitation (draft-03 §4)', () => {
  test('is answered to the UDP source with the prefix that encodes it', () => {
    const bench = new RouterBench();
    const { sent } = bench.datagram(A, solicitation());
    expect(sent.map((datagram) => datagram.to)).toEqual([A]);
    const message = advertisement(sent[0]!.payload);
    expect(formatIPv6(message.source)).toBe('fe80::');
    expect(formatIPv6(message.destination)).toBe('ff02::1');
    expect(message.managed || message.other).toBe(false);
    expect(prefixes(sent[0]!.payload)).toEqual([
      'fc64:bed:c633:6401:c433:6402:9c40:8000/114 L A 4294967295',
    ]);
  });

  test('from a link-local source is answered to that source', () => {
    const source = parseIPv6('fe80::1234');
    const { sent } = new RouterBench().datagram(A, solicitation({ source }));
    expect(formatIPv6(advertisement(sent[0]!.payload).destination)).toBe('fe80::1234');
  });

  test('brings the routes of the router', () => {
    const bench = new RouterBench({ routes: ['2001:db8:77::/48', '::/0'] });
    const { sent } = bench.datagram(A, solicitation());
    expect(prefixes(sent[0]!.payload).slice(1)).toEqual([
      '2001:db8:77::/48 4294967295',
      '::/0 4294967295',
    ]);
  });

  test('brings the routes that were set last', () => {
    const bench = new RouterBench({ routes: ['2001:db8:77::/48'] });
    bench.router.setRoutes({ routes: ['2001:db8:78::/48'], forwardTo: [] });
    const { sent } = bench.datagram(A, solicitation());
    expect(prefixes(sent[0]!.payload).slice(1)).toEqual(['2001:db8:78::/48 4294967295']);
    expect(() => bench.router.setRoutes({ routes: ['2001:db8::1/48'] })).toThrow(/routes: found/);
    const again = bench.datagram(B, solicitation());
    expect(prefixes(again.sent[0]!.payload).slice(1)).toEqual(['2001:db8:78::/48 4294967295']);
  });

  test('has its nonce and timestamp repeated', () => {
    const options = [
      { type: 'timestamp', timestamp: 0x1234_5678_9abc_def0n },
      { type: 'nonce', nonce: Uint8Array.of(1, 2, 3, 4, 5, 6) },
    ] as const;
    const { sent } = new RouterBench().datagram(A, solicitation({ options: [...options] }));
    const answer = advertisement(sent[0]!.payload);
    expect(findOption(answer.options, 'timestamp')).toEqual(options[0]);
    expect(findOption(answer.options, 'nonce')).toEqual(options[1]);
  });

  test('to a global destination is not answered', () => {
    const bench = new RouterBench();
    const { sent } = bench.datagram(A, solicitation({ destination: parseIPv6(ROUTER) }));
    expect(sent).toEqual([]);
    expect(bench.drops).toEqual({ 'nd-unexpected': 1 });
  });

  test('of 48 bytes is answered to a link-local unicast destination too', () => {
    const destination = parseIPv6('fe80::');
    expect(new RouterBench().datagram(A, solicitation({ destination })).sent).toHaveLength(1);
  });

  test('from a global source is answered to all nodes, from a multicast one not', () => {
    const bench = new RouterBench();
    const { sent } = bench.datagram(A, solicitation({ source: parseIPv6(ADDRESS_B) }));
    expect(formatIPv6(advertisement(sent[0]!.payload).destination)).toBe('ff02::1');
    expect(bench.datagram(A, solicitation({ source: parseIPv6('ff02::1') })).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'nd-invalid': 1 });
  });

  test('draft-01: the destination encodes the endpoint, and an odd port shows', () => {
    const bench = new RouterBench({ profile: draft01Profile, prefix: '2001:db8:64:64::/64' });
    const even = bench.datagram('198.51.100.2:40000', solicitation()).sent[0]!.payload;
    expect(formatIPv6(advertisement(even).destination)).toBe('fe80::429c:c6ff:fe33:6402');
    expect(prefixes(even)).toEqual(['2001:db8:64:64::/64 L A 4294967295']);
    const odd = bench.datagram('198.51.100.2:40001', solicitation()).sent[0]!.payload;
    expect(formatIPv6(advertisement(odd).destination)).toBe('fe80::439c:c6ff:fe33:6402');
  });
});

describe('Neighbor Solicitation to the router (RFC 4861 §7.2.4)', () => {
  const nonce = { type: 'nonce', nonce: Uint8Array.of(9, 8, 7, 6, 5, 4) } as const;

  test.each([
    ['its address', ROUTER, true],
    ['a lanip of its own endpoint', addressOf(SELF, 1), true],
    ['the last lanip of its own endpoint', addressOf(SELF, 16383), true],
    ['its link-scoped address', 'fe80::c633:6401:64be', true],
    ['fe80:: with its identifier', 'fe80::c433:6401:64be:8000', true],
    ['fe80::, where all routers are', 'fe80::', false],
    ['lanip 0 of the sender, where routers are', addressOf(A, 0), false],
  ])('is answered for %s from that very address', (_name, target, override) => {
    const options = [SOURCE_LINK_LAYER, nonce];
    const { sent } = new RouterBench().datagram(A, solicit(ADDRESS_A, target, { options }));
    expect(sent.map(({ to }) => to)).toEqual([A]);
    const answer = neighborAdvertisement(sent[0]!.payload);
    expect(formatIPv6(answer.source)).toBe(target);
    expect(formatIPv6(answer.destination)).toBe(ADDRESS_A);
    expect(formatIPv6(answer.target)).toBe(target);
    expect(answer).toMatchObject({ router: true, solicited: true, override });
    expect(findOption(answer.options, 'nonce')?.nonce).toEqual(nonce.nonce);
    expect(findOption(answer.options, 'target-link-layer')?.address).toEqual(
      Uint8Array.of(0xbe, 0x64, 198, 51, 100, 1),
    );
  });

  test.each([
    ['another peer', ADDRESS_B],
    ['lanip 0 of another peer', addressOf(B, 0)],
    ['another lanip of the sender', addressOf(A, 2)],
    ['a lanip of the sender with a low byte of zero', addressOf(A, 0x100)],
    ['the all-zero identifier, where lanip 0 is the router', 'fc64:bed:c633:6401::'],
    ['our endpoint under another prefix', addressOf(SELF, 0, OTHER_PREFIX)],
    ['lanip 0 of the sender under another prefix', addressOf(A, 0, OTHER_PREFIX)],
    ['the link-scoped address of another', 'fe80::c633:6402:64be'],
  ])('for %s is not answered', (_name, target) => {
    const bench = new RouterBench();
    expect(bench.datagram(A, solicit(ADDRESS_A, target)).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'nd-unexpected': 1 });
  });

  test.each([
    ['somebody else', ADDRESS_B],
    ['nobody', 'fe80::1'],
    ['a native node', NATIVE],
    ['the router itself', addressOf(SELF, 1)],
    ['a peer elsewhere at another endpoint', FOREIGN_ADDRESS],
    ['us, as peer elsewhere', addressOf(SELF, 1, OTHER_PREFIX)],
    ['the sender, under our former prefix', addressOf(A, 1, 'fc64:999:c633:6401::/64')],
  ])('with the address of %s is not answered', (_name, source) => {
    const bench = new RouterBench();
    expect(bench.datagram(A, solicit(source, ROUTER)).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'source-mismatch': 1 });
  });

  test('to a destination that is neither the target nor multicast is not answered', () => {
    const bench = new RouterBench();
    const to = (destination: string): Uint8Array =>
      solicit(ADDRESS_A, ROUTER, { destination: parseIPv6(destination) });
    expect(bench.datagram(A, to(ADDRESS_B)).sent).toEqual([]);
    expect(bench.datagram(A, to('ff05::1')).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'nd-unexpected': 2 });
    expect(
      bench.datagram(
        A,
        solicit(ADDRESS_A, ROUTER, {
          destination: parseIPv6('ff02::1:ffbe:8000'),
          options: [SOURCE_LINK_LAYER],
        }),
      ).sent,
    ).toHaveLength(1);
  });

  test.each([
    ['its link-scoped address', 'fe80::c633:6402:9c40'],
    ['fe80:: with its identifier', 'fe80::c433:6402:9c40:8001'],
  ])('is answered to %s', (_name, source) => {
    expect(new RouterBench().datagram(A, solicit(source, 'fe80::')).sent).toHaveLength(1);
  });

  test.each(['reference2020', 'draft02', 'draft04'])(
    '%s: a peer of another router may ask for an invitation',
    (name) => {
      const profile = findProfile(name)!;
      const { router } = new RouterBench({ profile });
      const top = router.prefix.slice(0, router.prefix.indexOf('c633'));
      const source = addressOf(FOREIGN, 1, `${top}c633:64fe::/64`);
      const invitation = addressOf(`198.51.100.1:${profile.port}`, 1, router.prefix);
      const bench = new RouterBench({ profile });
      expect(bench.datagram(FOREIGN, solicit(source, invitation)).sent.map(({ to }) => to)).toEqual(
        [FOREIGN],
      );
    },
  );

  test('draft04: from another prefix is not answered under a native one (draft-04 §4.2)', () => {
    const prefix = '2001:db8:1:2::/64';
    const native = new RouterBench({ profile: draft04Profile, prefix });
    const packet = solicit(FOREIGN_ADDRESS, addressOf(SELF, 1, prefix));
    expect(native.datagram(FOREIGN, packet).sent).toEqual([]);
    expect(new RouterBench({ prefix }).datagram(FOREIGN, packet).sent).toHaveLength(1);
  });

  test('draft-01 §5.6: is answered for three addresses and the anycast one', () => {
    const bench = new RouterBench({ profile: draft01Profile, prefix: '2001:db8:64:64::/64' });
    const source = '2001:db8:64:64:429c:c6ff:fe33:6402';
    const ask = (target: string): number => bench.datagram(A, solicit(source, target)).sent.length;
    for (const target of [
      'fe80::',
      'fe80::be64:c6ff:fe33:6401',
      '2001:db8:64:64:be64:c6ff:fe33:6401',
      '2001:db8:64:64::',
    ]) {
      expect([target, ask(target)]).toEqual([target, 1]);
    }
    expect(ask('2001:db8:64:64:be64:c600:33:6401')).toBe(0);
    expect(ask(source)).toBe(0);
  });
});
