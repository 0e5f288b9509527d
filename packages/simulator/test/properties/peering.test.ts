import type { Profile } from '@6bed4/codec';
import { test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { showTraceOnFailure } from '../../src/index.js';
import { profiles } from '../support/dialects.js';
import { checkTrace } from './checkTrace.js';
import { type Plan, PlanRun, plans, usable } from './planRun.js';

/** Longer than any interval of refreshes, keepalives and retries. */
const QUIET = 130_000;
const INTERVAL = 500;
const ROUNDS = 30;
/** More than the longest round trip through routers that the plans allow. */
const LAST_REPLY = 5_000;

function carryOut(plan: Plan, profile: Profile): void {
  const planRun = new PlanRun(plan, profile);
  showTraceOnFailure(planRun.net, (net) => {
    net.run(5_000);
    for (const step of plan.steps) planRun.carryOut(step);
    planRun.removeLinkFaults();
    net.run(QUIET);
    const sent = [];
    for (let round = 0; round < ROUNDS; round++) {
      for (const from of planRun.peers) {
        for (const to of planRun.peers) {
          if (from !== to) sent.push({ from, to, round, number: planRun.send(from, to) });
        }
      }
      net.run(INTERVAL);
    }
    net.run(LAST_REPLY);
    const lost = sent.filter(({ from, number }) => number === null || !from.wasAnswered(number));
    expect(lost.map(({ from, to, round }) => `${from.name} to ${to.name}, ${round}`)).toEqual([]);
    checkTrace(net);
  });
}

const noFaults = { delay: 1, jitter: 0, loss: 0, duplication: 0, reordering: 0 };
/**
 * A NAT that shows one peer to its own router at another port than to all others, since the router sent
 * something while the NAT had forgotten it.
 */
const twoPortsOfOnePeer: Plan = {
  seed: 0,
  routers: 2,
  peers: [0, 1].map((router) => ({ kind: 0, shares: false, router, link: noFaults })),
  steps: [
    { type: 'move', peer: 0, kind: usable.findIndex(({ name }) => name === 'open Linux') },
    { type: 'restart', router: 0, downFor: 5 },
    { type: 'reset', peer: 0 },
  ],
};

describe.each(profiles)('%s', (_, profile) => {
  test.prop([plans], { numRuns: 100, examples: [[twoPortsOfOnePeer]] })(
    'delivers every packet once faults end, to its destination only, and directly only on a confirmed path',
    (plan) => carryOut(plan, profile),
  );
});
