import type { Usage } from '@6bed4/testing/soak/bounds';
import type { Party } from './party.js';

/** The kinds of application traffic. */
export const trafficKinds = ['stream', 'requests', 'duplex', 'bursts', 'later'] as const;
export type TrafficKind = (typeof trafficKinds)[number];

interface Traffic {
  /** Milliseconds between two sends. */
  readonly interval: number;
  /** Packets in each. */
  readonly count: number;
  readonly usage: Usage;
}

const traffics: Readonly<Record<TrafficKind, Traffic>> = {
  stream: { interval: 250, count: 1, usage: 'one sends' },
  requests: { interval: 500, count: 1, usage: 'one sends' },
  duplex: { interval: 250, count: 1, usage: 'both send' },
  bursts: { interval: 2_000, count: 10, usage: 'one sends' },
  later: { interval: 1_000, count: 1, usage: 'later' },
};

/** Packets sent in this time before the end of a window show whether a conversation has recovered. */
const RECOVERED = 4_000;
const SHORTEST_IDLE = 40_000;
const LONGEST_IDLE = 150_000;

/** What an event did to a conversation, times in milliseconds. */
export interface Recovery {
  /** `Infinity` where it had not recovered when the window ended. */
  readonly silence: number;
  readonly lost: number;
}

/** A request that was answered, times in milliseconds. */
export interface Answer {
  /** When it was sent first, or when the event ended that came since. */
  readonly askedAt: number;
  /** The time until one was sent that was answered; `Infinity` when none was. */
  readonly silence: number;
}

/** Where the parties of a conversation note what they sent. */
export interface Post {
  /** Sends a request that is answered, or a message that is not; `arrived` is called when it was received. */
  send(from: Party, to: Party, asksAnswer: boolean, arrived: () => void): boolean;
  /** A number from 0 up to 1. */
  random(): number;
}

/** Traffic between two parties, and what is lost of it. */
export class Conversation {
  readonly kind: TrafficKind;
  readonly a: Party;
  readonly b: Party;
  readonly #post: Post;
  /** Times of what is on its way or lost. */
  readonly #open = new Map<number, number>();
  #count = 0;
  #nextAt: number;
  /** Begin of the request that is not answered yet; null while idle. Only of kind `later`. */
  #askingSince: number | null = null;
  #answers: Answer[] = [];

  constructor(kind: TrafficKind, a: Party, b: Party, post: Post) {
    this.kind = kind;
    this.a = a;
    this.b = b;
    this.#post = post;
    this.#nextAt = this.#idle(post.random() * this.interval);
  }

  get usage(): Usage {
    return traffics[this.kind].usage;
  }

  /** Milliseconds that are added to bounds, since nothing shows sooner that a path works again. */
  get interval(): number {
    return traffics[this.kind].interval;
  }

  has(party: Party): boolean {
    return this.a === party || this.b === party;
  }

  /** Sends what is due. */
  tick(now: number): void {
    if (now < this.#nextAt) return;
    const { interval, count } = traffics[this.kind];
    this.#nextAt = now + interval;
    if (this.kind === 'later') {
      this.#ask(now);
      return;
    }
    for (let sent = 0; sent < count; sent++) {
      this.#send(this.a, this.b, now);
      if (this.kind === 'duplex') this.#send(this.b, this.a, now);
    }
  }

  /** Begins a window of time: what was sent before counts no more. */
  beginWindow(): void {
    this.#open.clear();
  }

  /** What was lost in this window, and until how long after a time. */
  recovery(since: number, now: number): Recovery {
    if (this.kind === 'later') throw new Error('has no windows');
    const lost = [...this.#open.values()];
    const last = Math.max(...lost);
    if (lost.length === 0) return { silence: 0, lost: 0 };
    const silence =
      last > now - RECOVERED ? Number.POSITIVE_INFINITY : last + this.interval - since;
    return { silence: Math.max(0, silence), lost: lost.length };
  }

  /** Requests that were answered since this was called last; only of kind `later`. */
  takeAnswers(now: number): Answer[] {
    const answers = this.#answers;
    this.#answers = [];
    const askedAt = this.#askingSince;
    if (askedAt !== null && now - askedAt > LONGEST_IDLE) {
      answers.push({ askedAt, silence: Number.POSITIVE_INFINITY });
      this.#askingSince = null;
    }
    return answers;
  }

  /** An event ended: requests that wait for their answer count from now, and the next comes soon. */
  eventEnded(now: number): void {
    if (this.kind !== 'later') return;
    if (this.#askingSince !== null) this.#askingSince = now;
    else this.#nextAt = now + this.#post.random() * SHORTEST_IDLE;
  }

  #send(from: Party, to: Party, now: number): void {
    if (from.isPaused) return;
    const number = this.#count++;
    this.#open.set(number, now);
    this.#post.send(from, to, this.kind !== 'duplex' && this.kind !== 'stream', () => {
      this.#open.delete(number);
    });
  }

  #ask(now: number): void {
    if (this.a.isPaused) return;
    this.#askingSince ??= now;
    this.#post.send(this.a, this.b, true, () => {
      const askedAt = this.#askingSince;
      if (askedAt === null) return;
      this.#answers.push({ askedAt, silence: Math.max(0, now - askedAt) });
      this.#askingSince = null;
      this.#nextAt = this.#idle(now);
    });
  }

  #idle(now: number): number {
    if (this.kind !== 'later') return now;
    return now + SHORTEST_IDLE + this.#post.random() * (LONGEST_IDLE - SHORTEST_IDLE);
  }
}
