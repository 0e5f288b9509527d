/** What an acknowledgment says, for congestion control. Sizes in bytes, times in milliseconds. */
export interface AckSample {
  now: number;
  /** Newly delivered: acknowledged in order, or selectively. */
  delivered: number;
  /** Whether something was acknowledged in order. */
  isInOrder: boolean;
  /** Newly taken for lost. */
  lost: number;
  /** Round trip of the latest segment that was newly delivered; 0 when it was sent more than once. */
  roundTrip: number;
  smoothedRoundTrip: number;
  /** On their way before the acknowledgment came. */
  inFlightBefore: number;
  /** On their way now. */
  inFlight: number;
  /** Delivered, in all, since the connection began. */
  totalDelivered: number;
  /** Whether a segment was delivered, so that the following is known, which is about the one sent last. */
  hasDelivered: boolean;
  /** What {@link totalDelivered} was when it was sent. */
  deliveredWhenSent: number;
  /** Delivered since it was sent. */
  deliveredSinceSent: number;
  /** On their way when it was sent, itself included. */
  inFlightWhenSent: number;
  /** Taken for lost since it was sent. */
  lostSinceSent: number;
  /** Bytes in a millisecond over the last round trip; 0 when it cannot be told. */
  deliveryRate: number;
  /** Whether there was nothing more to send when it was sent, so that the rate says little. */
  isLimited: boolean;
  /** Whether lost data is being sent again. */
  isRecovering: boolean;
  /** Whether the window is used, so that it may grow (RFC 9438 §4.2, RFC 7661). */
  isWindowFull: boolean;
}

/** A segment that was taken for lost. Sizes in bytes. */
export interface Loss {
  /** Its sequence numbers. */
  start: number;
  end: number;
  /** Delivered in all until now. */
  totalDelivered: number;
  /** On their way when it was sent, itself included. */
  inFlightWhenSent: number;
  /** Taken for lost since it was sent, itself included. */
  lostSinceSent: number;
  /** Whether there was nothing more to send when it was sent. */
  isLimited: boolean;
}

/** Round-trip times, in milliseconds. */
export interface RoundTripTimes {
  /** SRTT; 0 before the first sample. */
  readonly smoothed: number;
  /** RTO. */
  readonly timeout: number;
}

/** How much may be on its way. */
export interface CongestionControl {
  readonly name: string;
  /** cwnd, in bytes. */
  readonly window: number;
  /** Bytes in a millisecond; infinite without pacing. */
  readonly pacingRate: number;
  /** Whether the window doubles in each round trip. */
  readonly isSlowStart: boolean;
  /** Whether recovery reduces the window step by step as PRR says (RFC 9937); BBR has its own way. */
  readonly recoversProportionally: boolean;
  /** Whether it sends less than it could at the moment, so that rates of delivery say little. */
  readonly isHoldingBack: boolean;
  /** Something is sent while nothing was on its way, `idle` milliseconds after what was sent last. */
  resumed(now: number, idle: number, times: RoundTripTimes): void;
  /** Something new was delivered. */
  acknowledged(sample: Readonly<AckSample>): void;
  /** A segment was taken for lost. */
  lost(loss: Readonly<Loss>): void;
  /** Loss or ECN, once for each window of data (RFC 9438 §4.6, RFC 3168 §6.1.2). */
  congested(now: number, inFlight: number): void;
  /** What was lost is repaired. */
  recovered(): void;
  /**
   * All was lost: the retransmission timer expired.
   *
   * @param outstanding - what was not acknowledged
   * @param isRepeated - whether it did before, for the same segment (RFC 5681 §3.1)
   */
  timedOut(now: number, outstanding: number, isRepeated: boolean): void;
  /** What was taken for congestion was none (RFC 4015, RFC 9438 §4.9). */
  undo(): void;
  /** The largest segment that the path carries has changed. */
  setSegmentSize(size: number): void;
}

/**
 * Makes the congestion control of one connection, for segments of `segmentSize` bytes; `random` gives numbers in
 * [0, 1).
 */
export type CongestionControlMaker = (
  segmentSize: number,
  random: () => number,
) => CongestionControl;

/** Segments of the initial window (RFC 6928). */
export const INITIAL_SEGMENTS = 10;
/** Least window, in segments (RFC 5681 §4.1). */
export const LEAST_SEGMENTS = 2;
