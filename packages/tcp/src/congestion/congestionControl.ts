/** What an acknowledgment says, for congestion control. Sizes in bytes, times in milliseconds. */
export interface AckSample {
  now: number;
  /** Newly delivered: acknowledged in order, or selectively. */
  delivered: number;
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
  /** What {@link totalDelivered} was when the segment was sent that was delivered last. */
  deliveredWhenSent: number;
  /** Bytes in a millisecond over the last round trip; 0 when it cannot be told. */
  deliveryRate: number;
  /** Whether the sender did not fill its window, so that the rate says little. */
  isLimited: boolean;
  /** Whether lost data is being sent again. */
  isRecovering: boolean;
  /** Whether the window was full when the acknowledgment came (RFC 9438 §4.2). */
  isWindowFull: boolean;
}

/** How much may be on its way. */
export interface CongestionControl {
  readonly name: string;
  /** cwnd, in bytes. */
  readonly window: number;
  /** Bytes in a millisecond; infinite without pacing. */
  readonly pacingRate: number;
  /** Whether recovery reduces the window step by step as PRR says (RFC 6937); BBR has its own way. */
  readonly recoversProportionally: boolean;
  /** Something new was delivered. */
  acknowledged(sample: Readonly<AckSample>): void;
  /** Loss or ECN, once for each window of data (RFC 9438 §4.6, RFC 3168 §6.1.2). */
  congested(now: number, inFlight: number): void;
  /** All was lost: the retransmission timer expired. */
  timedOut(now: number, inFlight: number): void;
  /** What was taken for congestion was none (RFC 4015, RFC 9438 §4.9). */
  undo(): void;
  /** Nothing was sent for so many milliseconds (RFC 9438 §5.8, RFC 2861). */
  idled(now: number, since: number): void;
  /** The largest segment that the path carries has changed. */
  setSegmentSize(size: number): void;
}

/** Makes the congestion control of one connection, for segments of `segmentSize` bytes. */
export type CongestionControlMaker = (segmentSize: number) => CongestionControl;

/** Segments of the initial window (RFC 6928). */
export const INITIAL_SEGMENTS = 10;
/** Least window, in segments (RFC 5681 §4.1). */
export const LEAST_SEGMENTS = 2;
