import { Random } from '../../src/index.js';
import { faultKinds, type SingleFault } from './faults.js';

/** An event of a plan: one fault, or several at the same time. */
export type PlannedEvent = SingleFault | 'several';

/** One fault of a soak. All that is random in it follows from its seed, so that it stays the same alone. */
export interface Step {
  /** Milliseconds without a fault before it. */
  readonly wait: number;
  readonly event: PlannedEvent;
  /** Milliseconds that it lasts; 0 for what is over at once. */
  readonly lasts: number;
  readonly seed: number;
}

/** Time after each fault in which all conversations have to recover. */
export const WATCH = 36_000;

const LONGEST_WAIT = 20_000;
const HOUR = 3_600_000;

const events: readonly PlannedEvent[] = [...(Object.keys(faultKinds) as SingleFault[]), 'several'];

/** Faults for so many hours, each kind equally often. */
export function planSteps(seed: number, hours: number): Step[] {
  const random = new Random(seed).stream('plan');
  const steps: Step[] = [];
  let deck: PlannedEvent[] = [];
  for (let time = 0; time < hours * HOUR; ) {
    if (deck.length === 0) deck = [...events];
    const event = deck.splice(random.integer(0, deck.length - 1), 1)[0]!;
    const [least, most] = (event === 'several' ? undefined : faultKinds[event].lasts) ?? [0, 0];
    const step: Step = {
      wait: random.integer(0, LONGEST_WAIT),
      event,
      lasts: random.integer(least, most),
      seed: random.bits() >>> 0,
    };
    steps.push(step);
    time += step.wait + step.lasts + WATCH;
  }
  return steps;
}
