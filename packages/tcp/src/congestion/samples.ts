import type { AckSample, Loss } from './congestionControl.js';

/** An {@link AckSample} to be filled in. */
export function emptySample(): AckSample {
  return {
    now: 0,
    delivered: 0,
    isInOrder: false,
    lost: 0,
    roundTrip: 0,
    smoothedRoundTrip: 0,
    inFlightBefore: 0,
    inFlight: 0,
    totalDelivered: 0,
    hasDelivered: false,
    deliveredWhenSent: 0,
    deliveredSinceSent: 0,
    inFlightWhenSent: 0,
    lostSinceSent: 0,
    deliveryRate: 0,
    isLimited: false,
    isRecovering: false,
    isWindowFull: false,
  };
}

/** A {@link Loss} to be filled in. */
export function emptyLoss(): Loss {
  return {
    start: 0,
    end: 0,
    totalDelivered: 0,
    inFlightWhenSent: 0,
    lostSinceSent: 0,
    isLimited: false,
  };
}
