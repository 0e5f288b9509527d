import type { Profile } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import {
  type Firewall,
  Internet,
  type LinuxNat,
  type Nat,
  type NatDescription,
  type PeerNode,
} from '../src/index.js';
import { profiles } from './support/dialects.js';

type Build = (net: Internet, name: string) => Nat | Firewall | LinuxNat;

const linux =
  (input: 'drop' | 'accept'): Build =>
  (net, name) =>
    net.linuxNat(name, { input });
const nat =
  (description: NatDescription): Build =>
  (net, name) =>
    net.nat(name, description);
const behind =
  (
    outer: Build,
    inner: (net: Internet, name: string, outer: ReturnType<Build>) => ReturnType<Build>,
  ): Build =>
  (net, name) =>
    inner(net, `${name} inner`, outer(net, name));

/** Shorter than any NAT here forgets, and than the first keepalive. */
const START = 8_000;

function peersBehind(profile: Profile, first: Build, second: Build) {
  const net = new Internet({ seed: 1, trace: true });
  net.router('r', { address: '198.51.100.1', profile });
  const [a, b] = [first, second].map((build, index) =>
    net.peer(`peer ${index}`, { profile, behind: build(net, `nat ${index}`) }),
  ) as [PeerNode, PeerNode];
  net.run(START);
  return { net, a, b };
}

/** Pings five times a second; how many echo requests stayed without answer, and the paths at the end. */
function talk(net: Internet, a: PeerNode, b: PeerNode, milliseconds = 5_000, interval = 200) {
  const [toA, toB] = [a.address!, b.address!];
  const pings: (number | null)[] = [];
  for (let time = 0; time < milliseconds; time += interval) {
    pings.push(a.ping(toB));
    net.run(interval);
  }
  net.run(500);
  const lost = pings.filter((number) => !a.wasAnswered(number)).length;
  return { lost, paths: [a.paths.get(toB)?.path, b.paths.get(toA)?.path] };
}

const DIRECT = ['direct', 'direct'];
const RELAYED = ['relayed', 'relayed'];
const home = nat({});
const twoLinux = (outer: 'drop' | 'accept', inner: 'drop' | 'accept'): Build =>
  behind(linux(outer), (net, name, outside) =>
    net.linuxNat(name, { behind: outside, input: inner }),
  );

const kinds: readonly (readonly [string, Build, Build, readonly string[]])[] = [
  [
    'a carrier that gives ports in blocks',
    nat({ portAssignment: 'sequential', firstPort: 20_480, filtering: 'endpoint-independent' }),
    home,
    DIRECT,
  ],
  [
    'the same that filters',
    nat({ portAssignment: 'sequential', firstPort: 20_480 }),
    linux('accept'),
    DIRECT,
  ],
  [
    'a home NAT behind one that filters',
    behind(home, (net, name, outside) => net.nat(name, { behind: outside as Nat })),
    home,
    DIRECT,
  ],
  ['two Linux NATs in a row that drop', twoLinux('drop', 'drop'), linux('accept'), DIRECT],
  [
    'two Linux NATs in a row, the inner of which accepts',
    twoLinux('drop', 'accept'),
    linux('accept'),
    DIRECT,
  ],
  // The first question opens one NAT only, and the answering peer's reaches the outer one first.
  [
    'two Linux NATs in a row, the outer of which accepts',
    twoLinux('accept', 'drop'),
    home,
    RELAYED,
  ],
  ['a NAT that closes on ICMP errors', nat({ closesOnErrors: true }), home, DIRECT],
  [
    'a NAT that closes on ICMP errors, on the other side',
    home,
    nat({ closesOnErrors: true }),
    DIRECT,
  ],
  [
    'a NAT that forgets after ten seconds',
    nat({ mappingTimeout: 10_000 }),
    nat({ mappingTimeout: 10_000 }),
    DIRECT,
  ],
  [
    'a NAT that forgets after five minutes',
    nat({ mappingTimeout: 300_000 }),
    linux('accept'),
    DIRECT,
  ],
];

describe.each(profiles)('%s', (_, profile) => {
  test.each(kinds)('through %s', (_name, first, second, paths) => {
    const { net, a, b } = peersBehind(profile, first, second);
    expect(talk(net, a, b)).toEqual({ lost: 0, paths });
  });

  test('an outer Linux NAT that accepts: direct when the other side begins', () => {
    const { net, a, b } = peersBehind(profile, home, twoLinux('accept', 'drop'));
    expect(talk(net, a, b)).toEqual({ lost: 0, paths: DIRECT });
  });

  test.each([
    ['Linux', linux('drop'), RELAYED],
    ['an endpoint-independent NAT', home, DIRECT],
  ] as const)(
    'two peers with the same port behind %s: what the second has to a third',
    (_name, build, paths) => {
      const net = new Internet({ seed: 1, trace: true });
      net.router('r', { address: '198.51.100.1', profile });
      const shared = build(net, 'nat');
      net.peer('first', { profile, behind: shared, port: 40_000 });
      net.run(1_000);
      const second = net.peer('second', { profile, behind: shared, port: 40_000 });
      const third = net.peer('third', { profile, behind: home(net, 'other nat') });
      net.run(START);
      expect(talk(net, second, third)).toEqual({ lost: 0, paths });
    },
  );

  test('a path in use through NATs that forget after ten seconds loses nothing in a minute', () => {
    const forgetful = nat({ mappingTimeout: 10_000 });
    const { net, a, b } = peersBehind(profile, forgetful, forgetful);
    expect(talk(net, a, b, 60_000, 1_000)).toEqual({ lost: 0, paths: DIRECT });
  });
});
