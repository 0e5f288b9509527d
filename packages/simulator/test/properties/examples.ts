import { profiles } from '../support/dialects.js';
import type { Plan } from './planRun.js';
import type { Talk } from './talk.js';

/** A plan, its connections, and the dialect of the peers. */
export type Example = [Plan, Talk[], (typeof profiles)[number]];

/** At 40 % loss, an end hears nothing of the other one until the TIME-WAIT there is over. */
const outlasted: Example = [
  {
    seed: -1745823388,
    routers: 1,
    peers: [
      {
        kind: 5,
        shares: false,
        router: 0,
        link: { delay: 80, jitter: 0, loss: 0.1, duplication: 0, reordering: 0 },
      },
      {
        kind: 0,
        shares: false,
        router: 0,
        link: { delay: 5, jitter: 0, loss: 0.1, duplication: 0, reordering: 0 },
      },
      {
        kind: 8,
        shares: false,
        router: 0,
        link: { delay: 5, jitter: 0, loss: 0.4, duplication: 0, reordering: 0.3 },
      },
    ],
    steps: [
      { type: 'send', from: 4, to: 2, count: 18 },
      { type: 'send', from: 0, to: 0, count: 16 },
      { type: 'restart', router: 1, downFor: 39424 },
      { type: 'send', from: 10, to: 9, count: 27 },
      { type: 'wait', milliseconds: 9 },
      { type: 'send', from: 1, to: 10, count: 14 },
      { type: 'send', from: 1, to: 3, count: 3 },
      { type: 'send', from: 6, to: 0, count: 7 },
      { type: 'send', from: 7, to: 6, count: 5 },
      { type: 'send', from: 3, to: 10, count: 5 },
      { type: 'wait', milliseconds: 18824 },
      { type: 'wait', milliseconds: 1203 },
      { type: 'send', from: 0, to: 9, count: 2 },
      { type: 'restart', router: 3, downFor: 28234 },
      { type: 'wait', milliseconds: 20904 },
      { type: 'send', from: 7, to: 4, count: 2 },
    ],
  },
  [
    { from: 4, to: 3, at: 0, lengths: [7478, 59993], writeEvery: 0, readEvery: 0 },
    { from: 1, to: 4, at: 0, lengths: [2122, 47396], writeEvery: 20, readEvery: 0 },
  ],
  profiles[2]!,
];

/** At 40 % loss, and while the router is down, no probe of two minutes is answered. */
const unheard: Example = [
  {
    seed: 661589337,
    routers: 1,
    peers: [
      {
        kind: 3,
        shares: true,
        router: 1,
        link: { delay: 5, jitter: 0, loss: 0.4, duplication: 0.3, reordering: 0.3 },
      },
      {
        kind: 3,
        shares: true,
        router: 1,
        link: { delay: 1, jitter: 0, loss: 0, duplication: 0, reordering: 0.3 },
      },
    ],
    steps: [
      { type: 'send', from: 5, to: 11, count: 21 },
      { type: 'wait', milliseconds: 63819 },
      { type: 'send', from: 1, to: 7, count: 28 },
      { type: 'restart', router: 0, downFor: 39381 },
      { type: 'send', from: 3, to: 4, count: 19 },
      { type: 'send', from: 4, to: 6, count: 13 },
      { type: 'send', from: 8, to: 2, count: 8 },
      { type: 'send', from: 1, to: 4, count: 2 },
      { type: 'reset', peer: 1 },
      { type: 'restart', router: 3, downFor: 21418 },
      { type: 'send', from: 3, to: 10, count: 12 },
      { type: 'send', from: 11, to: 2, count: 26 },
      { type: 'send', from: 5, to: 5, count: 14 },
      { type: 'reset', peer: 5 },
      { type: 'send', from: 11, to: 1, count: 19 },
      { type: 'send', from: 3, to: 7, count: 12 },
      { type: 'wait', milliseconds: 1642 },
      { type: 'send', from: 4, to: 0, count: 22 },
      { type: 'wait', milliseconds: 4616 },
      { type: 'wait', milliseconds: 25086 },
      { type: 'wait', milliseconds: 1753 },
      { type: 'send', from: 4, to: 4, count: 22 },
      { type: 'reset', peer: 5 },
      { type: 'send', from: 5, to: 4, count: 30 },
      { type: 'wait', milliseconds: 888 },
      { type: 'wait', milliseconds: 988 },
      { type: 'restart', router: 2, downFor: 19108 },
      { type: 'send', from: 7, to: 5, count: 29 },
      { type: 'wait', milliseconds: 722 },
      { type: 'send', from: 11, to: 9, count: 5 },
    ],
  },
  [
    { from: 3, to: 7, at: 100, lengths: [38459, 29910], writeEvery: 0, readEvery: 100 },
    { from: 1, to: 5, at: 100, lengths: [1511, 11828], writeEvery: 400, readEvery: 0 },
    { from: 7, to: 2, at: 0, lengths: [46199, 37718], writeEvery: 400, readEvery: 0 },
  ],
  profiles[1]!,
];

/** What failed once. */
export const examples: Example[] = [outlasted, unheard];
