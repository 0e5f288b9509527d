import type { AckSample } from '../congestion/congestionControl.js';
import { isAfter } from '../segment/sequence.js';
import { type DeliveryMark, emptyMark } from './deliveryMark.js';
import type { SentSegments } from './sentSegments.js';

/**
 * Samples of the rate at which data is delivered (draft-ietf-ccwg-bbr §4.1): what was delivered since a segment
 * was sent, in the longer one of the times in which it was sent and acknowledged. In bytes and milliseconds.
 */
export class DeliveryRate {
  readonly #segments: SentSegments;
  /** That of the segment that is sent now. */
  readonly #mark = emptyMark();
  /** That of the segment that was sent last of those that the acknowledgment delivered. */
  readonly #latest = emptyMark();
  readonly #lost = emptyMark();
  #latestSentAt = 0;
  #latestEnd = 0;
  #hasLatest = false;
  /** What has to be delivered until the sender is limited no more by what it had to send; 0 for not. */
  #limitedUntil = 0;

  constructor(segments: SentSegments) {
    this.#segments = segments;
  }

  /** C.delivered: bytes delivered in all. */
  get delivered(): number {
    return this.#mark.delivered;
  }

  /** C.lost: bytes taken for lost in all. */
  get lost(): number {
    return this.#mark.lost;
  }

  /** A segment is sent now; returns what to note of it. */
  sending(now: number): Readonly<DeliveryMark> {
    const mark = this.#mark;
    if (this.#segments.inFlight === 0) {
      mark.firstSentAt = now;
      mark.deliveredAt = now;
    }
    mark.isLimited = this.#limitedUntil > 0;
    return mark;
  }

  /** There was nothing more to send, so that what comes next says little about the path. */
  limit(): void {
    this.#limitedUntil = Math.max(this.#mark.delivered + this.#segments.inFlight, 1);
  }

  /** Whether {@link limit} was called and what was under way then is not delivered yet. */
  get isLimited(): boolean {
    return this.#limitedUntil > 0;
  }

  /** A segment is taken for lost. */
  noteLost(bytes: number): void {
    this.#mark.lost += bytes;
  }

  /** An acknowledgment came. */
  begin(): void {
    this.#hasLatest = false;
  }

  /** It delivered a part of a segment. */
  deliverPart(bytes: number, now: number): void {
    this.#mark.delivered += bytes;
    this.#mark.deliveredAt = now;
  }

  /** It delivered a segment. */
  deliver(index: number, now: number): void {
    const segments = this.#segments;
    const sentAt = segments.sentAtOf(index);
    const end = segments.endOf(index);
    this.deliverPart(segments.lengthOf(index), now);
    const isLater =
      sentAt > this.#latestSentAt ||
      (sentAt === this.#latestSentAt && isAfter(end, this.#latestEnd));
    if (this.#hasLatest && !isLater) return;
    this.#hasLatest = true;
    this.#latestSentAt = sentAt;
    this.#latestEnd = end;
    segments.readMark(index, this.#latest);
  }

  /** Fills in what the acknowledgment says about the rate. */
  finish(sample: AckSample, leastRoundTrip: number): void {
    const mark = this.#mark;
    if (this.#limitedUntil > 0 && mark.delivered > this.#limitedUntil) this.#limitedUntil = 0;
    sample.totalDelivered = mark.delivered;
    sample.deliveryRate = 0;
    sample.hasDelivered = this.#hasLatest;
    if (!this.#hasLatest) return;
    const latest = this.#latest;
    sample.deliveredWhenSent = latest.delivered;
    sample.inFlightWhenSent = latest.inFlight;
    sample.lostSinceSent = mark.lost - latest.lost;
    sample.isLimited = latest.isLimited;
    const received = mark.deliveredAt - latest.deliveredAt;
    const sending = this.#latestSentAt - latest.firstSentAt;
    mark.firstSentAt = this.#latestSentAt;
    const interval = Math.max(received, sending);
    sample.deliveredSinceSent = mark.delivered - latest.delivered;
    if (interval > 0 && interval >= leastRoundTrip) {
      sample.deliveryRate = sample.deliveredSinceSent / interval;
    }
  }

  /** Reads how delivery stood when a segment was sent, that is taken for lost now. */
  readLoss(index: number): Readonly<DeliveryMark> {
    this.#segments.readMark(index, this.#lost);
    return this.#lost;
  }
}
