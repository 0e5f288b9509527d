import { encodeAddress, formatEndpoint, parseIPv6, reference2020 } from '@6bed4/codec';
import { buildEcho, type NdOption } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import type { PeerOptions } from '../../src/index.js';
import { advertisement, ping, prefixOption } from '../support/packets.js';
import {
  advertisementFor,
  messageIn,
  OWN,
  OWN_ENDPOINT,
  PeeringBench,
  ROUTER,
  remoteAt,
  solicitations,
} from '../support/peerBench.js';
import type { SentDatagram } from '../support/recorder.js';

const SECOND = '198.51.100.9:25790';
const TOP = 'fc64:bed:c633:6409::';
const SUBNET = `${TOP}/64`;
const under = (prefix: string, peer: string, lanip = 1): string =>
  encodeAddress({ prefix, peer, lanip });
/** A remote of the second router, and our address there. */
const REMOTE = under(SUBNET, '192.0.2.9:5000');
const SECOND_OWN = under(SUBNET, OWN_ENDPOINT);
const NATIVE = '2001:db8:77::5';

const offerOf = (
  prefix: string,
  overrides: Parameters<typeof prefixOption>[1] = {},
  peer = OWN_ENDPOINT,
): NdOption => {
  const bytes = parseIPv6(under(SUBNET, peer, 0));
  bytes.set(parseIPv6(prefix).subarray(0, 8));
  return prefixOption(bytes, overrides);
};

class Bench extends PeeringBench {
  /** Sends a packet of the local side four times within a second; returns what goes to the second router. */
  keepSending(packet: Uint8Array): SentDatagram[] {
    const sent: SentDatagram[] = [];
    for (let count = 0; count < 4; count++) {
      this.sends(packet);
      sent.push(...this.waits(334));
    }
    this.sends(packet);
    return [...sent, ...this.take()].filter(({ to }) => to === SECOND);
  }

  /** The second router answers. */
  answer(options: readonly NdOption[]): void {
    const nonce = this.recorder.nonce!;
    this.arrives(SECOND, advertisement({ options: [...options, { type: 'nonce', nonce }] }));
  }

  /** The second router sees us elsewhere from now on. */
  moveTo(endpoint: string): void {
    const option = offerOf(TOP, {}, endpoint);
    this.arrives(SECOND, advertisement({ options: [option] }));
    this.answer([option]);
    expect(formatEndpoint(this.second!.lease!.publicEndpoint)).toBe(endpoint);
  }

  /** Whether a packet that comes from an endpoint is delivered. */
  delivers(from: string, packet: Uint8Array): boolean {
    const { delivered } = this.recorder;
    delivered.length = 0;
    this.arrives(from, packet);
    return delivered.length > 0;
  }

  get second(): ReturnType<() => PeeringBench['peer']['uplinks'][number]> | undefined {
    return this.peer.uplinks[1];
  }

  /** A peer that has an address from the second router. */
  static withSecond(options: Partial<PeerOptions> = {}): Bench {
    const bench = new Bench(options);
    bench.keepSending(ping(OWN, REMOTE));
    bench.answer([offerOf(TOP)]);
    expect(bench.second).toMatchObject({ temporary: true, lease: { address: SECOND_OWN } });
    bench.recorder.clear();
    return bench;
  }
}

const reply = (source: string, destination: string): Uint8Array =>
  buildEcho({
    type: 'echo-reply',
    source: parseIPv6(source),
    destination: parseIPv6(destination),
    hopLimit: 64,
    identifier: 7,
    sequence: 1,
    data: new Uint8Array(8),
  });

describe('a second router is solicited', () => {
  test('where the local side began, after four packets in a second', () => {
    const sent = new Bench().keepSending(ping(OWN, REMOTE));
    expect(sent.map((datagram) => messageIn(datagram)?.type)).toEqual(['router-solicitation']);
  });

  test('not for what a stranger makes the local side answer, whether he is real or not', () => {
    const bench = new Bench();
    for (let count = 0; count < 20; count++) {
      expect(bench.delivers(ROUTER, ping(REMOTE, OWN))).toBe(true);
      bench.sends(reply(OWN, REMOTE));
      expect(bench.waits(300).filter(({ to }) => to === SECOND)).toEqual([]);
    }
    expect(bench.second).toBeUndefined();
  });

  test('not where the strategy keeps no remotes', () => {
    const bench = new Bench({ peering: { strategy: 'via-router' } });
    expect(bench.keepSending(ping(OWN, REMOTE))).toEqual([]);
  });

  test('with four of them at a time', () => {
    const bench = new Bench();
    for (let router = 10; router < 15; router++) {
      const prefix = `fc64:bed:c633:64${router.toString(16).padStart(2, '0')}::/64`;
      bench.keepSending(ping(OWN, under(prefix, '192.0.2.9:5000')));
    }
    expect(bench.peer.uplinks.filter(({ temporary }) => temporary)).toHaveLength(4);
  });

  test('and leaves room for the routers that the user names', () => {
    const bench = Bench.withSecond();
    for (let index = 2; index <= 16; index++) bench.peer.addRouter(`192.0.2.${index}`, bench.now);
    expect(bench.peer.uplinks).toHaveLength(17);
    expect(() => bench.peer.addRouter('192.0.2.99', bench.now)).toThrow(/routers/);
  });
});

describe('a router that was solicited to avoid the trapezium', () => {
  test.each<[string, NdOption]>([
    ['a native prefix', offerOf('2001:4860:4860::')],
    ['the prefix of our own router', offerOf('fc64:bed:c633:6401::')],
    ['its own prefix with another netid', offerOf('fc64:1:c633:6409::')],
    ['an endpoint on loopback', offerOf(TOP, {}, '127.0.0.1:4000')],
    ['a deprecated prefix', offerOf(TOP, { preferredLifetime: 0 })],
    ['a shorter prefix', offerOf(TOP, { prefixLength: 64 })],
  ])('cannot give us %s', (_name, option) => {
    const bench = new Bench();
    bench.keepSending(ping(OWN, REMOTE));
    bench.answer([option]);
    expect(bench.second).toMatchObject({ temporary: true, lease: null });
    bench.answer([option, offerOf(TOP), option]);
    expect(bench.second!.lease?.address).toBe(SECOND_OWN);
  });

  test('gives an address that says so, and no route', () => {
    const bench = new Bench();
    bench.keepSending(ping(OWN, REMOTE));
    const route = prefixOption(parseIPv6('2000::'), {
      onLink: false,
      autonomous: false,
      prefixLength: 3,
    });
    const information: NdOption = {
      type: 'route-information',
      prefixLength: 0,
      preference: 'high',
      lifetime: 600,
      prefix: parseIPv6('::'),
    };
    bench.answer([offerOf(TOP), route, information]);
    expect(bench.events('address-acquired').at(-1)).toMatchObject({
      address: SECOND_OWN,
      temporary: true,
      routes: [],
      defaultRouter: false,
    });
  });

  test('brings packets from its own /64 to our address there, and no others', () => {
    const bench = Bench.withSecond();
    expect(bench.delivers(SECOND, ping(REMOTE, SECOND_OWN))).toBe(true);
    expect(bench.delivers(SECOND, ping(under(SUBNET, '192.0.2.9:5001'), SECOND_OWN))).toBe(true);
    expect(bench.delivers(ROUTER, ping(NATIVE, OWN))).toBe(true);
    for (const [source, destination] of [
      [NATIVE, SECOND_OWN],
      [remoteAt('192.0.2.7:7000'), SECOND_OWN],
      [under('fc64:1:c633:6409::/64', '192.0.2.9:5000'), SECOND_OWN],
      [OWN, SECOND_OWN],
      [SECOND_OWN, SECOND_OWN],
      [REMOTE, OWN],
      [NATIVE, OWN],
    ] as const) {
      expect(bench.delivers(SECOND, ping(source, destination)), source).toBe(false);
    }
    expect(bench.delivers(ROUTER, ping(NATIVE, SECOND_OWN))).toBe(false);
  });

  test('cannot end direct paths, by seeing us elsewhere', () => {
    const bench = Bench.withSecond();
    const friend = remoteAt('192.0.2.7:7000');
    const [question] = solicitations(bench.pings(friend));
    bench.arrives('192.0.2.7:7000', advertisementFor(question!));
    expect(bench.peer.remote(parseIPv6(friend), bench.now)?.path).toBe('direct');
    bench.moveTo('198.51.100.77:41000');
    expect(bench.peer.remote(parseIPv6(friend), bench.now)?.path).toBe('direct');
    bench.peer.addRouter('198.51.100.9', bench.now);
    bench.answer([offerOf(TOP, {}, '198.51.100.78:41000')]);
    // Nor when the user names it, as long as the other router sees us where we were.
    expect(bench.peer.remote(parseIPv6(friend), bench.now)?.path).toBe('direct');
  });

  test('sees us elsewhere, so that only packets from our address there go directly to its remotes', () => {
    const bench = Bench.withSecond();
    bench.moveTo('198.51.100.77:41000');
    const own = under(SUBNET, '198.51.100.77:41000');
    bench.waits(60_000);
    bench.sends(ping(own, REMOTE));
    const [question] = solicitations(bench.take());
    bench.arrives('192.0.2.9:5000', advertisementFor(question!));
    const goesTo = (source: string): readonly string[] => {
      bench.recorder.clear();
      bench.sends(ping(source, REMOTE));
      return bench.take().map(({ to }) => to);
    };
    expect(question!.source).toEqual(parseIPv6(own));
    expect(goesTo(own)).toEqual(['192.0.2.9:5000']);
    expect(goesTo(OWN)).toEqual([ROUTER]);
  });

  test('cannot have remotes searched on our own network, nor deny them answers, by the same', () => {
    const bench = Bench.withSecond({ peering: { lanTtl: 1 } });
    bench.moveTo('192.0.2.7:7000');
    bench.pings(remoteAt('192.0.2.7:7000'));
    expect(bench.waits(3_000).filter(({ to }) => to.startsWith('224.'))).toEqual([]);
    const compressed = Uint8Array.of(0xe7, 0xfd, 0x01, ...new Uint8Array(40));
    bench.arrives('192.0.2.7:7000', compressed);
    expect(bench.take().map(({ to }) => to)).toEqual(['192.0.2.7:7000']);
    bench.arrives(OWN_ENDPOINT, compressed);
    expect(bench.take()).toEqual([]);
  });

  test('is kept by what the local side sends to remotes of its own, not by what arrives', () => {
    const kept = Bench.withSecond();
    const idle = Bench.withSecond();
    const stranger = under(SUBNET, '192.0.2.66:6000');
    for (let time = 0; time < 130_000; time += 10_000) {
      kept.sends(ping(SECOND_OWN, REMOTE));
      idle.arrives(SECOND, ping(stranger, SECOND_OWN));
      idle.sends(reply(SECOND_OWN, stranger));
      idle.arrives('192.0.2.66:6000', ping(stranger, SECOND_OWN));
      idle.sends(reply(SECOND_OWN, stranger));
      for (const bench of [kept, idle]) bench.waits(10_000);
    }
    expect(kept.second).toMatchObject({ state: 'refreshing', temporary: true });
    expect(idle.second).toBeUndefined();
    expect(idle.events('address-lost')).toMatchObject([{ address: SECOND_OWN, temporary: true }]);
  });

  test.each([
    [119_999, 1],
    [120_000, 0],
  ])('is given up when it is due to be solicited after %i ms without use', (idle, left) => {
    const bench = Bench.withSecond();
    const { at } = bench.second!.nextTimer!;
    expect(at).toBeLessThan(bench.now + 60_000);
    const refresh = bench.second!.lastAdvertisementAt! + 120_000;
    bench.waits(refresh - idle - bench.now);
    bench.sends(ping(SECOND_OWN, REMOTE));
    bench.take();
    bench.waits(idle);
    expect(bench.peer.uplinks).toHaveLength(1 + left);
  });

  test('is kept by packets that go directly as well', () => {
    const bench = Bench.withSecond({
      profile: reference2020,
      peering: { strategy: 'probe-and-seen' },
    });
    for (let time = 0; time < 130_000; time += 10_000) {
      bench.peer.handlePacketBy('persistent', ping(SECOND_OWN, REMOTE), 0, 56, bench.now);
      bench.waits(10_000);
    }
    expect(bench.second).toMatchObject({ temporary: true });
  });

  test('is no source of what we say to others', () => {
    const bench = Bench.withSecond();
    bench.peer.removeRouter('198.51.100.1');
    bench.recorder.clear();
    bench.sends(ping(SECOND_OWN, remoteAt('192.0.2.7:7000')));
    expect(bench.take().filter((datagram) => messageIn(datagram) !== null)).toEqual([]);
    bench.sends(ping(SECOND_OWN, under(SUBNET, '192.0.2.7:7000')));
    expect(bench.take().map((datagram) => messageIn(datagram)?.type)).toContain(
      'neighbor-solicitation',
    );
  });

  test('may do all that routers may once the user names it', () => {
    const bench = Bench.withSecond();
    bench.peer.addRouter('198.51.100.9', bench.now);
    expect(bench.delivers(SECOND, ping(NATIVE, SECOND_OWN))).toBe(false);
    bench.answer([offerOf(TOP)]);
    expect(bench.events('address-changed')).toMatchObject([
      { temporary: false, previous: { temporary: true } },
    ]);
    expect(bench.delivers(SECOND, ping(NATIVE, SECOND_OWN))).toBe(true);
  });
});
