import { Random } from '@6bed4/testing/random';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NeighborCache, type NeighborState } from '../../src/index.js';

const CAPACITY = 4;
const TIMES: Readonly<Record<NeighborState, number>> = {
  incomplete: 1000,
  reachable: 30_000,
  stale: Number.POSITIVE_INFINITY,
  delay: 5000,
  probe: 1000,
};

interface Neighbor {
  readonly name: number;
  state: NeighborState;
  since: number;
  attempts: number;
}

/** The cache as one would first write it: a list, newest last, searched from end to end. */
class Model {
  readonly log: string[] = [];
  #neighbors: Neighbor[] = [];
  #now = Number.NEGATIVE_INFINITY;

  get(name: number): Neighbor | undefined {
    return this.#neighbors.find((neighbor) => neighbor.name === name);
  }

  get all(): readonly Neighbor[] {
    return this.#neighbors;
  }

  at(now: number): void {
    this.#now = Math.max(now, this.#now);
  }

  drop(name: number): void {
    this.#neighbors = this.#neighbors.filter((neighbor) => neighbor.name !== name);
  }

  enter(neighbor: Neighbor, state: NeighborState): void {
    this.drop(neighbor.name);
    this.#neighbors.push(neighbor);
    if (state !== neighbor.state) neighbor.attempts = 0;
    neighbor.state = state;
    neighbor.since = this.#now;
    if (state === 'incomplete' || state === 'probe') {
      neighbor.attempts++;
      this.log.push(`solicit ${neighbor.name} ${neighbor.attempts}`);
    }
  }

  create(name: number, state: 'incomplete' | 'stale'): void {
    if (this.#neighbors.length === CAPACITY) {
      const victim =
        this.#neighbors.find((neighbor) => neighbor.state === 'incomplete') ??
        this.#neighbors.find((neighbor) => neighbor.state === 'stale');
      if (victim === undefined) return;
      this.drop(victim.name);
      this.log.push(`evicted ${victim.name}`);
    }
    this.enter({ name, state, since: 0, attempts: 0 }, state);
  }

  timeout(): void {
    for (const state of ['incomplete', 'reachable', 'delay', 'probe'] as const) {
      for (const neighbor of [...this.#neighbors]) {
        if (neighbor.state !== state || neighbor.since + TIMES[state] > this.#now) continue;
        if (state === 'reachable') this.enter(neighbor, 'stale');
        else if (state === 'delay') this.enter(neighbor, 'probe');
        else if (neighbor.attempts < 3) this.enter(neighbor, state);
        else {
          this.drop(neighbor.name);
          this.log.push(`unreachable ${neighbor.name}`);
        }
      }
    }
  }

  nextTimeout(): number {
    return Math.min(...this.#neighbors.map(({ state, since }) => since + TIMES[state]));
  }

  send(neighbor: Neighbor): void {
    const { state, since } = neighbor;
    if (state === 'reachable' && since + TIMES.reachable <= this.#now)
      this.enter(neighbor, 'stale');
    if (neighbor.state === 'stale') this.enter(neighbor, 'delay');
  }

  advertised(neighbor: Neighbor, solicited: boolean, override: boolean, sameLink: boolean): void {
    const { state } = neighbor;
    if (state === 'incomplete') this.enter(neighbor, solicited ? 'reachable' : 'stale');
    else if (!override && !sameLink) {
      if (state === 'reachable') this.enter(neighbor, 'stale');
    } else if (solicited) this.enter(neighbor, 'reachable');
    else if (!sameLink) this.enter(neighbor, 'stale');
  }
}

type Command =
  | { readonly do: 'wait'; readonly time: number }
  | { readonly do: 'wait until due' }
  | { readonly do: 'send'; readonly name: number }
  | { readonly do: 'hear'; readonly name: number }
  | { readonly do: 'progress'; readonly name: number }
  | { readonly do: 'remove'; readonly name: number }
  | {
      readonly do: 'advertised';
      readonly name: number;
      readonly solicited: boolean;
      readonly override: boolean;
      readonly sameLink: boolean;
    };

const name = fc.nat(7);
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    do: fc.constant('wait' as const),
    time: fc.oneof(fc.nat(2000), fc.integer({ min: -2000, max: 40_000 })),
  }),
  { arbitrary: fc.record({ do: fc.constant('wait until due' as const) }), weight: 3 },
  {
    arbitrary: fc.record({
      do: fc.constantFrom('send' as const, 'send' as const, 'hear' as const, 'progress' as const),
      name,
    }),
    weight: 4,
  },
  fc.record({ do: fc.constant('remove' as const), name }),
  {
    arbitrary: fc.record({
      do: fc.constant('advertised' as const),
      name,
      solicited: fc.boolean(),
      override: fc.boolean(),
      sameLink: fc.boolean(),
    }),
    weight: 2,
  },
);

function addressOf(name: number): Uint8Array {
  return new Uint8Array(16).fill(name, 15);
}

describe('the neighbor cache', () => {
  test('does what an obvious one does, for any history', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(command, { maxLength: 120 }), (seed, commands) => {
        const model = new Model();
        const log: string[] = [];
        const cache: NeighborCache<number> = new NeighborCache(
          { capacity: CAPACITY, random: new Random(seed).fraction },
          {
            solicit: (entry, attempt) => log.push(`solicit ${cache.value(entry)} ${attempt}`),
            unreachable: (entry) => log.push(`unreachable ${cache.value(entry)}`),
            evicted: (entry) => log.push(`evicted ${cache.value(entry)}`),
          },
        );
        let now = 0;
        for (const command of commands) {
          if (command.do === 'wait' || command.do === 'wait until due') {
            const due = cache.nextTimeout();
            if (command.do === 'wait') now += command.time;
            else if (due !== Number.POSITIVE_INFINITY) now = Math.max(now, due);
            model.at(now);
            model.timeout();
            cache.handleTimeout(now);
          } else {
            const entry = cache.find(addressOf(command.name), 0);
            const neighbor = model.get(command.name);
            expect(entry >= 0).toBe(neighbor !== undefined);
            if (neighbor === undefined) {
              if (command.do === 'send' || command.do === 'hear') {
                model.at(now);
                const send = command.do === 'send';
                model.create(command.name, send ? 'incomplete' : 'stale');
                const event = send ? 'sent' : 'learnt';
                cache.create(addressOf(command.name), 0, event, command.name, now);
              }
            } else if (command.do === 'remove') {
              model.drop(command.name);
              cache.remove(entry);
            } else if (command.do === 'send') {
              model.at(now);
              model.send(neighbor);
              cache.sent(entry, now);
            } else if (command.do === 'hear') {
              model.at(now);
              model.enter(neighbor, 'stale');
              cache.learnt(entry, now);
            } else if (command.do === 'progress') {
              model.at(now);
              if (neighbor.state !== 'incomplete') model.enter(neighbor, 'reachable');
              cache.progress(entry, now);
            } else {
              model.at(now);
              const { solicited, override, sameLink } = command;
              model.advertised(neighbor, solicited, override, sameLink);
              cache.advertised(entry, { solicited, override, sameLink }, now);
            }
          }
          expect(log).toEqual(model.log);
          expect(cache.size).toBe(model.all.length);
          expect(cache.nextTimeout()).toBe(model.nextTimeout());
        }
        for (const { name, state, attempts } of model.all) {
          const entry = cache.find(addressOf(name), 0);
          expect(cache.state(entry)).toBe(state);
          expect(cache.attempts(entry)).toBe(attempts);
          expect(cache.value(entry)).toBe(name);
        }
        const visited: number[] = [];
        cache.forEach((entry) => {
          visited.push(cache.value(entry));
        });
        expect(visited.sort()).toEqual(model.all.map(({ name }) => name).sort());
      }),
      { numRuns: 500 },
    );
  });
});
