import type { Profile } from '@6bed4/codec';
import { test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { withTrace } from '../../src/index.js';
import { profiles } from '../support/dialects.js';
import { checkWire } from './checkTrace.js';
import { type Plan, plans, Story } from './planRun.js';

/** After this all refreshes, keepalives and retries have come round once. */
const QUIET = 130_000;
const INTERVAL = 500;
const ROUNDS = 30;
/** The longest round trip through routers that the plans allow, and some more. */
const ANSWER = 5_000;

function live(plan: Plan, profile: Profile): void {
  const story = new Story(plan, profile);
  withTrace(story.net, (net) => {
    net.run(5_000);
    for (const step of plan.steps) story.take(step);
    story.heal();
    net.run(QUIET);
    const sent = [];
    for (let round = 0; round < ROUNDS; round++) {
      for (const from of story.peers) {
        for (const to of story.peers) {
          if (from !== to) sent.push({ from, to, round, number: story.send(from, to) });
        }
      }
      net.run(INTERVAL);
    }
    net.run(ANSWER);
    const lost = sent.filter(({ from, number }) => number === null || !from.wasAnswered(number));
    expect(lost.map(({ from, to, round }) => `${from.name} to ${to.name}, ${round}`)).toEqual([]);
    checkWire(net);
  });
}

describe.each(profiles)('%s', (_, profile) => {
  test.prop([plans], { numRuns: 100 })(
    'whatever happens: once faults end all is delivered, to its addressee only, direct after proof only',
    (plan) => live(plan, profile),
  );
});
