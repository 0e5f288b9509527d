/** The state of a delivery when a segment was sent, from which rates of delivery are sampled. */
export interface DeliveryMark {
  /** Bytes delivered until then. */
  delivered: number;
  /** When the last of them was, in milliseconds. */
  deliveredAt: number;
  /** When the first segment of that flight was sent. */
  firstSentAt: number;
  /** Bytes under way, the segment included. */
  inFlight: number;
  /** Bytes that had been lost until then. */
  lost: number;
  /** Whether the sender had nothing more to send. */
  isLimited: boolean;
}

/** A mark to be filled in. */
export function emptyMark(): DeliveryMark {
  return {
    delivered: 0,
    deliveredAt: 0,
    firstSentAt: 0,
    inFlight: 0,
    lost: 0,
    isLimited: false,
  };
}
