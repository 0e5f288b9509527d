import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type NeighborState, NeighborUnreachability } from '../../src/index.js';

const CAPACITY = 6;
const TIMES: Readonly<Record<NeighborState, number>> = {
  none: Number.POSITIVE_INFINITY,
  incomplete: 1000,
  reachable: 30_000,
  stale: Number.POSITIVE_INFINITY,
  delay: 5000,
  probe: 1000,
};

interface Neighbor {
  readonly slot: number;
  state: NeighborState;
  since: number;
  attempts: number;
}

/** The detection as one would first write it: a list, newest last, searched from end to end. */
class Model {
  readonly log: string[] = [];
  #neighbors: Neighbor[] = Array.from({ length: CAPACITY }, (_, slot) => ({
    slot,
    state: 'none',
    since: 0,
    attempts: 0,
  }));
  #now = Number.NEGATIVE_INFINITY;

  get(slot: number): Neighbor {
    return this.#neighbors.find((neighbor) => neighbor.slot === slot)!;
  }

  at(now: number): void {
    this.#now = Math.max(now, this.#now);
  }

  enter(neighbor: Neighbor, state: NeighborState): void {
    this.#neighbors = [...this.#neighbors.filter((other) => other !== neighbor), neighbor];
    if (state !== neighbor.state) neighbor.attempts = 0;
    neighbor.state = state;
    neighbor.since = state === 'none' ? 0 : this.#now;
    if (state === 'incomplete' || state === 'probe') {
      neighbor.attempts++;
      this.log.push(`solicit ${neighbor.slot} ${neighbor.attempts}`);
    }
  }

  send(neighbor: Neighbor): void {
    const { state, since } = neighbor;
    const isOver = state === 'reachable' && since + TIMES.reachable <= this.#now;
    if (isOver) this.enter(neighbor, 'stale');
    if (neighbor.state === 'stale') this.enter(neighbor, 'delay');
    else if (neighbor.state === 'none') this.enter(neighbor, 'incomplete');
  }

  timeout(): void {
    for (const state of ['incomplete', 'reachable', 'delay', 'probe'] as const) {
      for (const neighbor of [...this.#neighbors]) {
        if (neighbor.state !== state || neighbor.since + TIMES[state] > this.#now) continue;
        if (state === 'reachable') this.enter(neighbor, 'stale');
        else if (state === 'delay') this.enter(neighbor, 'probe');
        else if (neighbor.attempts < 3) this.enter(neighbor, state);
        else {
          this.enter(neighbor, 'none');
          this.log.push(`unreachable ${neighbor.slot}`);
        }
      }
    }
  }

  nextTimeout(): number {
    return Math.min(...this.#neighbors.map(({ state, since }) => since + TIMES[state]));
  }
}

type Command =
  | { readonly do: 'wait'; readonly time: number }
  | { readonly do: 'wait until due' }
  | { readonly do: 'grow' }
  | { readonly do: 'send' | 'confirm' | 'remove'; readonly slot: number };

const slot = fc.nat(CAPACITY - 1);
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    do: fc.constant('wait' as const),
    time: fc.oneof(fc.nat(2000), fc.integer({ min: -2000, max: 40_000 })),
  }),
  { arbitrary: fc.record({ do: fc.constant('wait until due' as const) }), weight: 3 },
  fc.record({ do: fc.constant('grow' as const) }),
  { arbitrary: fc.record({ do: fc.constant('send' as const), slot }), weight: 3 },
  { arbitrary: fc.record({ do: fc.constant('confirm' as const), slot }), weight: 2 },
  fc.record({ do: fc.constant('remove' as const), slot }),
);

describe('Neighbor Unreachability Detection', () => {
  test('does what an obvious implementation does, for any history and growth', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 120, size: 'max' }), (commands) => {
        const model = new Model();
        const log: string[] = [];
        const detection = new NeighborUnreachability(
          {
            capacity: 1,
            reachableTime: TIMES.reachable,
            delayFirstProbeTime: TIMES.delay,
            retransTimer: TIMES.probe,
            maxUnicastSolicit: 3,
          },
          {
            solicit: (slot, attempt) => log.push(`solicit ${slot} ${attempt}`),
            unreachable: (slot) => log.push(`unreachable ${slot}`),
          },
        );
        let now = 0;
        let capacity = 1;
        for (const command of commands) {
          if (command.do === 'wait' || command.do === 'wait until due') {
            const due = detection.nextTimeout();
            if (command.do === 'wait') now += command.time;
            else if (due !== Number.POSITIVE_INFINITY) now = Math.max(now, due);
            model.at(now);
            model.timeout();
            detection.handleTimeout(now);
          } else if (command.do === 'grow') {
            if (capacity < CAPACITY) detection.grow(++capacity);
          } else if (command.slot >= capacity) {
            continue;
          } else if (command.do === 'remove') {
            model.enter(model.get(command.slot), 'none');
            detection.remove(command.slot);
          } else if (command.do === 'send') {
            model.at(now);
            model.send(model.get(command.slot));
            detection.sent(command.slot, now);
          } else {
            model.at(now);
            model.enter(model.get(command.slot), 'reachable');
            detection.confirmed(command.slot, now);
          }
          expect(log).toEqual(model.log);
          expect(detection.nextTimeout()).toBe(model.nextTimeout());
          for (let slot = 0; slot < capacity; slot++) {
            expect(detection.state(slot)).toBe(model.get(slot).state);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
