import type { Peering } from './peering.js';

/** Never goes direct: all traffic takes the path that always works (draft-04 §7.1). */
export const viaRouter: Peering = Object.freeze({
  name: 'via-router',
  goesDirect: () => false,
  directFrameArrived: () => {},
  neighborAdvertisementArrived: () => {},
  handleTimeout: () => {},
  nextTimeout: () => Number.POSITIVE_INFINITY,
});
