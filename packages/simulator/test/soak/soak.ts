import { boundOf, CONTROL, type SoakEventName } from '@6bed4/testing/soak/bounds';
import type { Sample } from '@6bed4/testing/soak/report';
import { Random } from '../../src/index.js';
import type { Conversation } from './conversation.js';
import { type Effect, type FaultKind, faultKinds, type Target } from './faults.js';
import type { Party } from './party.js';
import { type Step, WATCH } from './plan.js';
import { type Group, Scene } from './scene.js';

/** The result of a soak. */
export interface SoakResult {
  readonly samples: readonly Sample[];
  /** What should not have been, with the index of its step; empty for a good run. */
  readonly violations: readonly Violation[];
  /** Control packets to one endpoint, at most. */
  readonly control: { readonly second: number; readonly minute: number };
  /** Packets that applications sent. */
  readonly packets: number;
  /** Milliseconds of virtual time. */
  readonly duration: number;
}

/** Something that should not have been. */
export interface Violation {
  readonly step: number;
  readonly text: string;
}

/** An event that idle peers have not noticed yet, perhaps. */
interface Felt {
  readonly event: SoakEventName;
  /** When they notice it at the latest, in milliseconds. */
  readonly until: number;
}

/** Faults that are over at once, for several at the same time. */
const atOnce = (Object.values(faultKinds) as FaultKind[]).filter(
  ({ lasts }) => lasts === undefined,
);
/** Time in which packets on their way arrive, and nothing is sent. */
const ARRIVAL = 400;
/** Time in which all peers find their paths. */
const WARM_UP = 120_000;
/** Longer than any state of an idle peer lives. */
const FORGOTTEN = 400_000;
/** Remotes of a peer: its conversations, and addresses that were theirs. */
const MOST_REMOTES = 40;
/** Events of the scheduler that wait: timers that were set to earlier times stay there for a while. */
const MOST_WAITING = 2_000;

/** Runs steps in a scene and judges what they did. */
export class Soak {
  readonly #scene: Scene;
  readonly #samples: Sample[] = [];
  readonly #violations: Violation[] = [];
  /** The event that idle conversations may feel longest. */
  readonly #felt = new Map<Conversation, Felt>();
  readonly #steps: readonly Step[];
  #step = -1;

  constructor(seed: number, steps: readonly Step[]) {
    this.#steps = steps;
    this.#scene = new Scene(seed, new Random(seed).stream('scene'));
  }

  /** Runs all steps, then lets all peers forget each other. */
  run(): SoakResult {
    const scene = this.#scene;
    scene.run(WARM_UP);
    for (const { peer } of this.#parties) peer.events.length = 0;
    for (const step of this.#steps) {
      this.#step++;
      this.#quiet(step.wait);
      this.#take(step);
      this.#checkTables();
    }
    this.#quiet(60_000);
    this.#checkTraffic();
    const packets = this.#parties.reduce((sum, party) => sum + party.packets.sent, 0);
    scene.net.run(FORGOTTEN);
    this.#checkForgotten();
    const most = (rate: 'perSecond' | 'perMinute'): number =>
      Math.max(...this.#parties.map((party) => party[rate].most));
    return {
      samples: this.#samples,
      violations: this.#violations,
      control: { second: most('perSecond'), minute: most('perMinute') },
      packets,
      duration: scene.net.now,
    };
  }

  get #parties(): Party[] {
    return this.#scene.groups.flatMap(({ parties }) => parties);
  }

  get #conversations(): { group: Group; conversation: Conversation }[] {
    return this.#scene.groups.flatMap((group) =>
      group.conversations.map((conversation) => ({ group, conversation })),
    );
  }

  /** Lets time pass without a fault: nothing may be lost, and no direct path given up. */
  #quiet(milliseconds: number): void {
    const { net } = this.#scene;
    this.#beginWindow();
    this.#scene.run(milliseconds);
    net.run(ARRIVAL);
    for (const { group, conversation } of this.#conversations) {
      if (conversation.kind === 'later') continue;
      const { lost } = conversation.recovery(0, net.now);
      if (lost > 0 && !this.#isLate(conversation)) {
        this.#violate(group, conversation, `lost ${lost} packets without a fault`);
      }
    }
    for (const group of this.#scene.groups) {
      for (const party of group.parties) this.#checkPaths(group, party);
    }
    this.#takeAnswers();
  }

  #take(step: Step): void {
    const { net, groups } = this.#scene;
    this.#beginWindow();
    const effects = groups.map((group, index) => this.#begin(group, step, index));
    this.#scene.run(step.lasts);
    for (const effect of effects) effect.end?.();
    const end = net.now;
    const felt = (group: Group, conversation: Conversation): boolean =>
      effects[groups.indexOf(group)]!.parties.some((party) => conversation.has(party));
    for (const { group, conversation } of this.#conversations) {
      if (!felt(group, conversation)) continue;
      conversation.eventEnded(end);
      this.#feel(conversation, step.event, end);
    }
    this.#scene.run(WATCH);
    net.run(ARRIVAL);
    for (const { group, conversation } of this.#conversations) {
      if (conversation.kind === 'later') continue;
      const { silence, lost } = conversation.recovery(end, net.now);
      if (felt(group, conversation)) this.#judge(group, conversation, step.event, silence, lost);
      else if (lost > 0 && !this.#isLate(conversation)) {
        this.#violate(group, conversation, `lost ${lost} packets by ${step.event} of others`);
      }
    }
    for (const party of this.#parties) party.peer.events.length = 0;
    this.#takeAnswers();
  }

  /** An event concerns a conversation, though one before it may do so for longer. */
  #feel(conversation: Conversation, event: SoakEventName, at: number): void {
    const until = at + boundOf(event, 'later', '');
    const former = this.#felt.get(conversation);
    if (former === undefined || former.until <= until) {
      this.#felt.set(conversation, { event, until });
    }
  }

  /**
   * Whether what is lost now is due to an event of long ago: peers of one network do not notice what happened to
   * their NAT until they solicit their router the next time.
   */
  #isLate(conversation: Conversation): boolean {
    const { a, b } = conversation;
    const until = this.#felt.get(conversation)?.until ?? 0;
    return a.box !== undefined && a.box === b.box && until > this.#scene.net.now - WATCH;
  }

  #begin(group: Group, step: Step, index: number): Effect {
    const random = new Random(step.seed).stream(String(index));
    const target = (): Target => {
      const { conversations } = group;
      const conversation = conversations[random.integer(0, conversations.length - 1)]!;
      const party = random.chance(0.5) ? conversation.a : conversation.b;
      return { scene: this.#scene, group, conversation, party, random, lasts: step.lasts };
    };
    if (step.event !== 'several') return faultKinds[step.event].begin(target());
    const effects = Array.from({ length: 3 }, () =>
      atOnce[random.integer(0, atOnce.length - 1)]!.begin(target()),
    );
    return { parties: effects.flatMap(({ parties }) => parties) };
  }

  #beginWindow(): void {
    this.#scene.forget();
    for (const { conversation } of this.#conversations) conversation.beginWindow();
  }

  #judge(
    group: Group,
    conversation: Conversation,
    event: SoakEventName,
    silence: number,
    lost: number,
  ): void {
    const strategy = conversation.a.peer.machine.peering;
    const { interval, a, b } = conversation;
    // Peers of one network do not need their NAT, and notice only later what happened to it.
    const usage = a.box !== undefined && a.box === b.box ? 'later' : conversation.usage;
    const bound = boundOf(event, usage, strategy) + (lost === 0 ? 0 : interval);
    this.#samples.push({ event, usage, strategy, silence, lost, bound });
    if (silence > bound || (lost > 0 && boundOf(event, usage, strategy) === 0)) {
      this.#violate(
        group,
        conversation,
        `silent for ${silence} ms after ${event}, at most ${bound}; ${lost} packets lost`,
      );
    }
  }

  /** Judges the requests that were answered: after an event, or without one. */
  #takeAnswers(): void {
    const { now } = this.#scene.net;
    for (const { group, conversation } of this.#conversations) {
      if (conversation.kind !== 'later') continue;
      const felt = this.#felt.get(conversation);
      for (const { askedAt, silence } of conversation.takeAnswers(now)) {
        if (felt !== undefined && askedAt <= felt.until + conversation.interval) {
          this.#judge(group, conversation, felt.event, silence, Math.ceil(silence / 1000));
        } else if (silence > 0) {
          this.#violate(group, conversation, `a request without a fault took ${silence} ms`);
        }
      }
    }
  }

  #checkPaths(group: Group, party: Party): void {
    const inUse = new Set<string | null>(
      group.conversations
        .filter((each) => each.kind !== 'later' && each.has(party))
        .map(({ a, b }) => (a === party ? b : a).peer.address),
    );
    for (const { event } of party.peer.events.splice(0)) {
      if (event.type !== 'path-changed' || event.path !== 'relayed') continue;
      if (event.previous === null || !inUse.has(event.remote)) continue;
      this.#violations.push({
        step: this.#step,
        text: `${party.peer.name}: gave up a direct path to ${event.remote} without a fault`,
      });
    }
  }

  #checkTables(): void {
    const { waiting } = this.#scene.net.statistics;
    if (waiting > MOST_WAITING) this.#fail(`${waiting} events wait`);
    for (const { peer } of this.#parties) {
      const { length } = peer.remotes;
      if (length > MOST_REMOTES) this.#fail(`${peer.name} has ${length} remotes`);
      if (peer.machine.uplinks.length > 6) this.#fail(`${peer.name} has too many uplinks`);
    }
  }

  #checkTraffic(): void {
    for (const { peer, packets, perSecond, perMinute } of this.#parties) {
      const { packetsTaken, packetsDelivered } = peer.machine.counters.snapshot();
      if (packetsTaken !== packets.sent) {
        this.#fail(`${peer.name} counted ${packetsTaken} packets taken of ${packets.sent}`);
      }
      if (packetsDelivered !== packets.received) {
        this.#fail(`${peer.name} counted ${packetsDelivered} packets of ${packets.received}`);
      }
      if (perSecond.most > CONTROL.second) {
        this.#fail(`${peer.name} sent ${perSecond.most} control packets in a second`);
      }
      if (perMinute.most > CONTROL.minute) {
        this.#fail(`${peer.name} sent ${perMinute.most} control packets in a minute`);
      }
    }
  }

  #checkForgotten(): void {
    for (const { peer } of this.#parties) {
      const { length } = peer.remotes;
      if (length > 0) this.#fail(`${peer.name} keeps ${length} remotes`);
      if (peer.address === null) this.#fail(`${peer.name} has no address`);
    }
  }

  #fail(text: string): void {
    this.#violations.push({ step: this.#step, text });
  }

  #violate(group: Group, conversation: Conversation, text: string): void {
    const { kind, a, b } = conversation;
    const boxes = [a, b].map(({ box }) => box?.name ?? 'nothing').join(' and ');
    this.#fail(
      `${group.name}, ${kind} of ${a.peer.name} to ${b.peer.name} behind ${boxes}: ${text}`,
    );
  }
}
