import type { Profile } from '@6bed4/codec';
import { type Internet, Nat, type PeerNode } from '../../src/index.js';
import type { Kind } from './accessKinds.js';

/** What a fault can reach. */
export interface Scene {
  readonly net: Internet;
  /** The peer that suffers, and what it stands behind; undefined for nothing. */
  readonly a: PeerNode;
  readonly box: ReturnType<Kind['build']>;
}

/** Who sends: both ping each other, or only the one that does not suffer. */
export type Traffic = 'both' | 'other';

/** Something that goes wrong. */
export interface Fault {
  readonly name: string;
  /** What happens; it is over when this returns. */
  happen(scene: Scene): void;
  /** Whether the peer that suffers, or its driver, notices by itself. */
  readonly isNoticed: boolean;
}

export const faults: readonly Fault[] = [
  { name: 'NAT forgets', happen: ({ box }) => box?.forget(), isNoticed: false },
  {
    name: 'NAT gives other ports',
    happen: ({ box }) => (box instanceof Nat ? box.rebind() : box?.forget()),
    isNoticed: false,
  },
  {
    name: 'NAT gets another address',
    happen: ({ box, net }) => {
      const isOuter = box instanceof Nat && !box.external.startsWith('100.64.');
      if (isOuter) box.rebind(net.now % 2 === 0 ? '192.0.2.98' : '192.0.2.99');
    },
    isNoticed: false,
  },
  {
    name: 'router restarts',
    happen: ({ net }) => {
      net.routers[0]!.stop();
      net.run(20_000);
      net.routers[0]!.restart();
    },
    isNoticed: true,
  },
  {
    name: 'peer moves to another network',
    happen: ({ net, a }) => net.move(a, { behind: net.nat('cafe', { parity: true }) }),
    isNoticed: true,
  },
  { name: 'clock jumps by an hour', happen: ({ a }) => a.jump(3_600_000), isNoticed: true },
  {
    name: 'peer sleeps for ten minutes',
    happen: ({ net, a }) => {
      a.unplug();
      net.run(600_000);
      a.plug();
    },
    isNoticed: true,
  },
];

const START = 30_000;
const ANSWER = 1_000;
const BEFORE = 10_000;
/** When the last echo requests are answered, this long before the end, all is well again. */
const WELL = 5_000;

/** One try. */
export interface Trial {
  readonly first: Kind;
  readonly second: Kind;
  readonly profile: Profile;
  readonly fault: Fault;
  readonly traffic: Traffic;
  /** Milliseconds between two echo requests. */
  readonly interval: number;
  /** Milliseconds that the fault comes later: timers then stand elsewhere. */
  readonly phase: number;
  /** Milliseconds to watch. */
  readonly limit: number;
}

/**
 * Lets two peers talk, lets a fault happen, and says for how many milliseconds echo requests to the
 * present address of the other then were in vain; `Infinity` when they still are.
 */
export function outage(trial: Trial, net: Internet): number {
  const { first, second, profile, fault, traffic, interval, phase, limit } = trial;
  net.router('r', { address: '198.51.100.1', profile });
  const box = first.build(net, 'nat a');
  const place = (kind: ReturnType<Kind['build']>) => (kind === undefined ? {} : { behind: kind });
  const a = net.peer('a', { profile, ...place(box) });
  const b = net.peer('b', { profile, ...place(second.build(net, 'nat b')) });
  const pings: { at: number; by: PeerNode; number: number | null }[] = [];
  const talk = (duration: number): void => {
    for (const end = net.now + duration; net.now < end; net.run(interval)) {
      const ends: [PeerNode, PeerNode][] = [[b, a]];
      if (traffic === 'both') ends.push([a, b]);
      for (const [by, to] of ends) {
        const number = to.address === null ? null : by.ping(to.address);
        pings.push({ at: net.now, by, number });
      }
    }
  };
  net.run(START);
  talk(BEFORE + phase);
  fault.happen({ net, a, box });
  pings.length = 0;
  const start = net.now;
  talk(limit);
  net.run(ANSWER);
  const answered = new Map(
    [a, b].map((peer) => [
      peer,
      new Set(peer.received.filter(({ kind }) => kind === 'echo-reply').map((it) => it.sequence)),
    ]),
  );
  const last = pings.filter(({ by, number }) => !answered.get(by)!.has(number)).at(-1);
  if (last === undefined) return 0;
  return last.at > net.now - WELL ? Number.POSITIVE_INFINITY : last.at + interval - start;
}
