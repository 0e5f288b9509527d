import type { RealEventName, SoakEventName } from '@6bed4/testing/soak/bounds';
import { Nat, type Random } from '../../src/index.js';
import type { Conversation } from './conversation.js';
import type { Box, Party } from './party.js';
import type { Group, Scene } from './scene.js';

/** What a fault is done to, drawn anew in each group. */
export interface Target {
  readonly scene: Scene;
  readonly group: Group;
  readonly conversation: Conversation;
  readonly party: Party;
  readonly random: Random;
  /** Milliseconds that it lasts. */
  readonly lasts: number;
}

/** The parties that a fault concerns, and its end. */
export interface Effect {
  readonly parties: readonly Party[];
  /** Ends it, where it lasts. */
  end?(): void;
}

/** A kind of fault. */
export interface FaultKind {
  /** Shortest and longest duration in milliseconds; none for what is over at once. */
  readonly lasts?: readonly [number, number];
  begin(target: Target): Effect;
}

/** All that share the middlebox of a party. */
function neighbors({ group, party }: Target): Party[] {
  return group.parties.filter(
    (each) => each === party || (party.box !== undefined && each.box === party.box),
  );
}

function forgets({ box }: Party): void {
  box?.reset();
}

function otherPorts({ box }: Party): void {
  if (box instanceof Nat) box.rebind();
  else box?.reset();
}

function isOutermost(box: Box): box is Nat {
  return box instanceof Nat && !box.external.startsWith('100.64.');
}

/** Changes the link of a party while the fault lasts. */
function link(faults: (target: Target) => Parameters<Party['setFaults']>[0]): FaultKind['begin'] {
  return (target) => {
    target.party.setFaults(faults(target));
    return { parties: [target.party], end: () => target.party.setFaults({}) };
  };
}

/** An address of the benchmarking network (RFC 2544) that nothing else has. */
function freeAddress(random: Random): string {
  return `198.19.${random.integer(100, 250)}.${random.integer(1, 254)}`;
}

/** The name of a single fault. */
export type SingleFault = Exclude<SoakEventName, 'several' | RealEventName>;

/** The kinds of single faults. */
export const faultKinds: Readonly<Record<SingleFault, FaultKind>> = {
  'nat-forgets': {
    begin: (target) => {
      forgets(target.party);
      return { parties: neighbors(target) };
    },
  },
  'nats-forget': {
    begin: (target) => {
      const { a, b } = target.conversation;
      for (const party of [a, b]) forgets(party);
      return {
        parties: [a, b].flatMap((party) => neighbors({ ...target, party })),
      };
    },
  },
  'nat-ports': {
    begin: (target) => {
      otherPorts(target.party);
      return { parties: neighbors(target) };
    },
  },
  'nat-address': {
    begin: (target) => {
      const { box } = target.party;
      if (isOutermost(box)) box.rebind(freeAddress(target.random));
      return { parties: neighbors(target) };
    },
  },
  'router-restarts': {
    begin: (target) => {
      const router = routerOf(target);
      router.restart();
      return { parties: usersOf(target, router.endpoint.address) };
    },
  },
  'router-outage': {
    lasts: [5_000, 60_000],
    begin: (target) => {
      const router = routerOf(target);
      router.stop();
      return {
        parties: usersOf(target, router.endpoint.address),
        end: () => router.restart(),
      };
    },
  },
  'link-outage': { lasts: [500, 60_000], begin: link(() => ({ isDown: true })) },
  unplugged: {
    lasts: [500, 120_000],
    begin: ({ party }) => {
      party.peer.unplug();
      return { parties: [party], end: () => party.peer.plug() };
    },
  },
  'loss-burst': { lasts: [2_000, 30_000], begin: link(() => ({ loss: 0.33 })) },
  disorder: {
    lasts: [5_000, 30_000],
    begin: link(() => ({ jitter: 40, reordering: 0.3, duplication: 0.3 })),
  },
  'host-moves': {
    begin: ({ scene, group, party }) => {
      scene.place(party, group);
      scene.net.move(party.peer, party.placement);
      return { parties: [party] };
    },
  },
  'host-address': {
    begin: ({ scene, party }) => {
      scene.net.move(party.peer, party.placement);
      return { parties: [party] };
    },
  },
  paused: { lasts: [1_000, 30_000], begin: (target) => pause(target, false) },
  sleeps: {
    lasts: [5_000, 300_000],
    begin: (target) => {
      const { party, random } = target;
      const effect = pause(target, random.chance(0.5));
      party.peer.unplug();
      const end = (): void => {
        effect.end?.();
        party.peer.plug();
      };
      return { parties: [party], end };
    },
  },
  'clock-jump': {
    begin: ({ party, random }) => {
      party.peer.jump(random.integer(1_000, 7_200_000));
      return { parties: [party] };
    },
  },
  'router-messages': {
    lasts: [30_000, 150_000],
    begin: link(() => ({ losesRouterMessages: true })),
  },
};

function pause({ party }: Target, clockStands: boolean): Effect {
  party.isPaused = true;
  party.peer.pause();
  const end = (): void => {
    party.peer.unpause(clockStands);
    party.isPaused = false;
  };
  return { parties: [party], end };
}

function routerOf({ group, random }: Target) {
  return group.routers[random.integer(0, group.routers.length - 1)]!;
}

function usersOf({ group }: Target, router: string): Party[] {
  return group.parties.filter(({ peer }) =>
    peer.machine.uplinks.some((uplink) => uplink.router.address === router),
  );
}
