import type { Profile } from '@6bed4/codec';
import type { AccessKind } from '../../src/index.js';
import { type Internet, Nat, type PeerNode } from '../../src/index.js';

/** The part of the simulation that a fault affects. */
export interface FaultContext {
  readonly net: Internet;
  /** The affected peer, and the middlebox in front of it; undefined for none. */
  readonly a: PeerNode;
  readonly middlebox: ReturnType<AccessKind['build']>;
}

/** The peers that ping the other: both, or only the one that is not affected. */
export type Traffic = 'both' | 'other';

/** A fault of a network, router or peer. */
export interface Fault {
  readonly name: string;
  /** Causes the fault; it is over when this returns. */
  cause(context: FaultContext): void;
}

export const faults: readonly Fault[] = [
  { name: 'the NAT restarts', cause: ({ middlebox }) => middlebox?.reset() },
  {
    name: 'the NAT assigns other ports',
    cause: ({ middlebox }) => (middlebox instanceof Nat ? middlebox.rebind() : middlebox?.reset()),
  },
  {
    name: 'the NAT gets another address',
    cause: ({ middlebox, net }) => {
      const isOuter = middlebox instanceof Nat && !middlebox.external.startsWith('100.64.');
      if (isOuter) middlebox.rebind(net.now % 2 === 0 ? '192.0.2.98' : '192.0.2.99');
    },
  },
  {
    name: 'the router restarts',
    cause: ({ net }) => {
      net.routers[0]!.stop();
      net.run(20_000);
      net.routers[0]!.restart();
    },
  },
  {
    name: 'the peer moves to another network',
    cause: ({ net, a }) => net.move(a, { behind: net.nat('cafe', { portParity: true }) }),
  },
  { name: 'the clock jumps by an hour', cause: ({ a }) => a.jump(3_600_000) },
  {
    name: 'the peer sleeps for ten minutes',
    cause: ({ net, a }) => {
      a.unplug();
      net.run(600_000);
      a.plug();
    },
  },
];

const START = 30_000;
const ANSWER = 1_000;
const BEFORE = 10_000;
/** Connectivity counts as restored when all echo requests of this last period are answered. */
const RESTORED_PERIOD = 5_000;

/** One simulation of a fault. */
export interface Trial {
  readonly first: AccessKind;
  readonly second: AccessKind;
  readonly profile: Profile;
  readonly fault: Fault;
  readonly traffic: Traffic;
  /** Milliseconds between two echo requests. */
  readonly interval: number;
  /** Milliseconds by which the fault comes later, at another phase of all timers. */
  readonly phase: number;
  /** Milliseconds to watch. */
  readonly limit: number;
}

/**
 * Lets two peers ping each other, causes a fault, and returns for how many milliseconds echo requests to
 * the present address of the other then stay without answer; `Infinity` when they still do.
 */
export function outage(trial: Trial, net: Internet): number {
  const { first, second, profile, fault, traffic, interval, phase, limit } = trial;
  net.router('r', { address: '198.51.100.1', profile });
  const middlebox = first.build(net, 'nat a');
  const place = (kind: ReturnType<AccessKind['build']>) =>
    kind === undefined ? {} : { behind: kind };
  const a = net.peer('a', { profile, ...place(middlebox) });
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
  fault.cause({ net, a, middlebox });
  pings.length = 0;
  const start = net.now;
  talk(limit);
  net.run(ANSWER);
  const answered = new Map(
    [a, b].map((peer) => [
      peer,
      new Set(
        peer.received.filter(({ kind }) => kind === 'echo-reply').map((packet) => packet.sequence),
      ),
    ]),
  );
  const last = pings.filter(({ by, number }) => !answered.get(by)!.has(number)).at(-1);
  if (last === undefined) return 0;
  return last.at > net.now - RESTORED_PERIOD
    ? Number.POSITIVE_INFINITY
    : last.at + interval - start;
}
