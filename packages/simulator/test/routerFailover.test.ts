import type { Profile } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { Internet, type PeerNode, type RouterNode } from '../src/index.js';
import { profiles } from './support/dialects.js';

/** Behind no router, so that nothing answers. */
const SILENT = '2001:db8:1::1';
/** Round trips over the longest path here. */
const ROUND_TRIP = 100;

interface Scene {
  readonly net: Internet;
  readonly first: RouterNode;
  readonly second: RouterNode;
  readonly peer: PeerNode;
}

function scene(profile: Profile, seed = 1, loss = 0): Scene {
  const net = new Internet({ seed });
  const first = net.router('r1', { address: '198.51.100.1', profile });
  const second = net.router('r2', { address: '198.51.100.2', profile });
  const behind = net.nat('nat', { portParity: true });
  const peer = net.peer('a', { profile, behind, link: { loss } });
  net.run(10_000);
  expect(peer.addresses).toHaveLength(2);
  return { net, first, second, peer };
}

/** What the application does, every `interval` milliseconds. */
const uses: readonly {
  readonly name: string;
  readonly interval: number;
  readonly bound: number;
  act(peer: PeerNode, first: RouterNode): void;
}[] = [
  {
    name: 'while packets are answered',
    interval: 250,
    bound: 5_000,
    act: (peer, first) => void peer.ping(first.address),
  },
  {
    name: 'while a packet a second is answered',
    interval: 1_000,
    bound: 5_000,
    act: (peer, first) => void peer.ping(first.address),
  },
  {
    name: 'while packets go out only',
    interval: 100,
    bound: 5_000,
    act: (peer) => void peer.sendUdp(SILENT),
  },
  { name: 'while idle', interval: 1_000, bound: 30_000, act: () => {} },
];

/** Lets the application act for `duration` milliseconds, or until a condition holds; returns the time. */
function use(
  { net, peer, first }: Scene,
  { act, interval }: (typeof uses)[number],
  duration: number,
  until: () => boolean = () => false,
): number {
  const start = net.now;
  while (net.now - start < duration && !until()) {
    act(peer, first);
    net.runUntil(until, interval);
  }
  return net.now - start;
}

const changes = (peer: PeerNode, since = 0): string[] =>
  peer.events.flatMap(({ at, event }) =>
    at >= since && event.type.startsWith('router-') ? [event.type] : [],
  );

describe.each(profiles)('%s: of two routers', (_, profile) => {
  test.each(uses)('the silent one is left in time $name', (way) => {
    let worst = 0;
    for (let phase = 0; phase < 30_000; phase += 1_234) {
      const trial = scene(profile);
      const { peer, first, second } = trial;
      use(trial, way, phase);
      const [firstAddress, secondAddress] = peer.addresses;
      expect(peer.address).toBe(firstAddress);
      first.stop();
      const isLeft = (): boolean => peer.address === secondAddress;
      const time = use(trial, way, 60_000, isLeft);
      worst = Math.max(worst, time);
      // Only from what remains, and at once.
      const answered = peer.ping(second.address);
      trial.net.run(ROUND_TRIP);
      expect(peer.wasAnswered(answered)).toBe(true);
    }
    console.log(`${profile.dialect.name}, ${way.name}: ${worst} ms at most`);
    expect(worst).toBeLessThanOrEqual(way.bound);
  });

  test('the one that is back is used again, after it has answered for five seconds', () => {
    const { net, peer, first } = scene(profile);
    const [address] = peer.addresses;
    first.stop();
    net.run(60_000);
    expect(peer.address).not.toBe(address);
    first.restart();
    const back = net.now;
    net.runUntil(() => peer.address === address, 60_000);
    expect(net.now - back).toBeGreaterThanOrEqual(5_000);
    expect(net.now - back).toBeLessThanOrEqual(30_000 + 5_000 + 1_000);
  });

  test('one that comes and goes is used ever more seldom', () => {
    const { net, peer, first } = scene(profile);
    const start = net.now;
    // Always for long enough to end a first trial.
    for (let time = 0; time < 3_600_000; time += 90_000) {
      first.stop();
      net.run(40_000);
      first.restart();
      net.run(50_000);
    }
    const times = changes(peer, start).filter((type) => type === 'router-unreachable').length;
    expect(times).toBeGreaterThanOrEqual(2);
    expect(times).toBeLessThanOrEqual(10);
  });

  test('both are kept when it is the own network that fails', () => {
    const { net, peer } = scene(profile);
    const start = net.now;
    for (let outage = 0; outage < 20; outage++) {
      peer.unplug();
      net.run(15_000);
      peer.plug();
      net.run(40_000 + outage * 1_111);
    }
    expect(changes(peer, start)).toEqual([]);
  });

  test('neither is left on a line that loses a tenth of the round trips', () => {
    let changed = 0;
    for (let seed = 1; seed <= 5; seed++) {
      const trial = scene(profile, seed);
      trial.peer.link = { loss: 0.05 };
      const start = trial.net.now;
      use(trial, uses[0]!, 300_000);
      changed += changes(trial.peer, start).length;
    }
    expect(changed).toBe(0);
  });

  test.each(uses)('each is solicited every two seconds at most $name', (way) => {
    const trial = scene(profile);
    const start = trial.net.now;
    const answers: Set<number | null>[] = [new Set(), new Set()];
    use(trial, way, 300_000, () => {
      for (const [index, { lastAdvertisementAt }] of trial.peer.machine.uplinks.entries()) {
        answers[index]!.add(lastAdvertisementAt);
      }
      return false;
    });
    const isUsedInVain = way.interval === 100;
    expect(answers[0]!.size).toBeLessThanOrEqual(isUsedInVain ? 151 : 13);
    expect(answers[0]!.size).toBeGreaterThan(10);
    expect(answers[1]!.size).toBeLessThanOrEqual(13);
    expect(changes(trial.peer, start)).toEqual([]);
  });
});
