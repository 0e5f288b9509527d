/** What is to be sent now. */
export interface Transmission {
  sequence: number;
  /** Bytes of data. */
  length: number;
  isFin: boolean;
  isPush: boolean;
  isRetransmission: boolean;
}

/** A transmission to be filled in. */
export function emptyTransmission(): Transmission {
  return { sequence: 0, length: 0, isFin: false, isPush: false, isRetransmission: false };
}
