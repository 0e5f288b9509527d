import { formatIPv4 } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import {
  Internet,
  type LinkDatagram,
  type LinuxNatOptions,
  type PeerNode,
} from '../../src/index.js';
import { profiles } from '../support/dialects.js';
import { drops, reach } from '../support/natLab.js';

const UNREPLIED = 30_000;
const STREAM = 120_000;

function lab(options: LinuxNatOptions = {}) {
  const net = new Internet({ seed: 1, trace: true });
  const nat = net.linuxNat('nat', { external: '192.0.2.1', ...options });
  const inside = net.host('inside', { behind: nat }).bind(40_000);
  const host = net.host('host', { address: '203.0.113.1' });
  return { net, nat, inside, remotes: [host.bind(1000), host.bind(2000)] as const };
}

const MAPPED = '192.0.2.1:40000';

describe('a NAT by connection tracking', () => {
  test('keeps the port towards all remotes, and lets only those in that were sent to', () => {
    const { net, inside, remotes } = lab();
    expect(reach(net, inside, remotes[0])).toBe(MAPPED);
    expect(reach(net, remotes[1], inside, MAPPED)).toBeNull();
    expect(reach(net, inside, remotes[1])).toBe(MAPPED);
    expect(reach(net, remotes[0], inside, MAPPED)).toBe('203.0.113.1:1000');
  });

  test('maps another port towards a remote from which something came unasked, and that one only', () => {
    const { net, inside, remotes } = lab({ input: 'accept' });
    expect(reach(net, remotes[0], inside, MAPPED)).toBeNull();
    expect(drops(net)).toEqual(['no-socket at nat']);
    const changed = reach(net, inside, remotes[0]);
    expect(changed).toMatch(/^192\.0\.2\.1:/);
    expect(changed).not.toBe(MAPPED);
    expect(reach(net, inside, remotes[1])).toBe(MAPPED);
    expect(reach(net, remotes[0], inside, MAPPED)).toBeNull();
    expect(reach(net, remotes[0], inside, changed!)).toBe('203.0.113.1:1000');
  });

  test('does not where its filter of input drops, nor where the inside sent first', () => {
    const dropping = lab();
    reach(dropping.net, dropping.remotes[0], dropping.inside, MAPPED);
    expect(reach(dropping.net, dropping.inside, dropping.remotes[0])).toBe(MAPPED);
    const first = lab({ input: 'accept' });
    reach(first.net, first.inside, first.remotes[0]);
    expect(reach(first.net, first.remotes[0], first.inside, MAPPED)).not.toBeNull();
    expect(reach(first.net, first.inside, first.remotes[0])).toBe(MAPPED);
  });

  test.each([
    [UNREPLIED - 200, false],
    [UNREPLIED + 200, true],
  ])('forgets what came unasked after 30 s: %i ms later: %s', (later, isForgotten) => {
    const { net, inside, remotes } = lab({ input: 'accept' });
    reach(net, remotes[0], inside, MAPPED);
    net.run(later - 100);
    expect(reach(net, inside, remotes[0]) === MAPPED).toBe(isForgotten);
  });

  test('is reminded by each further packet of either side', () => {
    const { net, inside, remotes } = lab({ input: 'accept' });
    reach(net, remotes[0], inside, MAPPED);
    for (let times = 0; times < 3; times++) {
      net.run(20_000);
      reach(net, remotes[0], inside, MAPPED);
      expect(reach(net, inside, remotes[0])).not.toBe(MAPPED);
    }
  });

  test.each([
    ['without an answer', 0, UNREPLIED],
    ['with an answer within two seconds', 1_000, UNREPLIED],
    ['with answers after two seconds', 4_000, STREAM],
  ])('keeps an entry %s as long as Linux', (_, answersUntil, lasts) => {
    for (const [later, isOpen] of [
      [lasts - 1_500, true],
      [lasts + 500, false],
    ] as const) {
      const { net, inside, remotes } = lab();
      reach(net, inside, remotes[0]);
      for (let at = 0; at < answersUntil; at += 1_000) {
        expect(reach(net, remotes[0], inside, MAPPED)).not.toBeNull();
        net.run(900);
      }
      net.run(later);
      expect(reach(net, remotes[0], inside, MAPPED) !== null).toBe(isOpen);
    }
  });

  test('gives two hosts inside with one port another port towards the same remote', () => {
    const { net, nat, inside, remotes } = lab();
    const neighbor = net.host('neighbor', { behind: nat }).bind(40_000);
    expect(reach(net, inside, remotes[0])).toBe(MAPPED);
    expect(reach(net, neighbor, remotes[0])).not.toBe(MAPPED);
    // Towards another remote, the port is free: the mapping depends on the destination.
    expect(reach(net, neighbor, remotes[1])).toBe(MAPPED);
  });
});

/** Milliseconds until both peers use the direct path; null when they do not within a few seconds. */
function directAfter(net: Internet, a: PeerNode, b: PeerNode): number | null {
  const [toA, toB] = [a.address!, b.address!];
  const isDirect = (): boolean =>
    a.paths.get(toB)?.path === 'direct' && b.paths.get(toA)?.path === 'direct';
  const start = net.now;
  for (let time = 0; time < 5_000 && !isDirect(); time += 200) {
    a.ping(toB);
    net.run(200);
  }
  return isDirect() ? net.now - start : null;
}

describe.each(profiles)('%s: two peers', (_, profile) => {
  // Next to each other, a TTL alone would not do: what is for the NAT itself is taken with any.
  test.each([
    ['drop', 'accept', 0],
    ['accept', 'drop', 0],
    ['accept', 'accept', 0],
    ['accept', 'accept', 1],
    ['accept', 'accept', 8],
  ] as const)(
    'behind Linux NATs that %s and %s what nobody asked for, with %i routers between: direct',
    (first, second, coreHops) => {
      const net = new Internet({ seed: 1, trace: true, coreHops });
      net.router('r', { address: '198.51.100.1', profile });
      const [a, b] = [first, second].map((input, index) => {
        const behind = net.linuxNat(`nat ${index}`, { input });
        return net.peer(`peer ${index}`, { behind, profile });
      }) as [PeerNode, PeerNode];
      net.run(10_000);
      expect(directAfter(net, a, b)).toBeLessThan(3_000);
    },
  );
});

test('behind open Linux NATs, a first question that is lost on its way to its own costs more than a minute', () => {
  const net = new Internet({ seed: 1, trace: true });
  const { endpoint } = net.router('r', { address: '198.51.100.1' });
  const [a, b] = [0, 1].map((index) => {
    const behind = net.linuxNat(`nat ${index}`, { input: 'accept' });
    return net.peer(`peer ${index}`, { behind });
  }) as [PeerNode, PeerNode];
  net.run(10_000);
  let lost = 0;
  const loses = ({ destination }: LinkDatagram): boolean =>
    lost === 0 && formatIPv4(destination) !== endpoint.address && ++lost > 0;
  a.link = { up: { loses }, down: {} };
  const [toA, toB] = [a.address!, b.address!];
  const numbers: (number | null)[] = [];
  const isDirect = (): boolean =>
    a.paths.get(toB)?.path === 'direct' && b.paths.get(toA)?.path === 'direct';
  for (; numbers.length < 200 && !isDirect(); net.run(500)) numbers.push(a.ping(toB));
  expect(lost).toBe(1);
  expect(numbers.length / 2).toBeGreaterThan(65);
  expect(numbers.length / 2).toBeLessThan(95);
  expect(numbers.every((number) => a.wasAnswered(number))).toBe(true);
});
