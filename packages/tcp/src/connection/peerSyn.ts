import { ECN_ANSWER, ECN_SETUP } from '../segment/flags.js';
import type { Segment } from '../segment/segment.js';
import { advance } from '../segment/sequence.js';
import type { ConnectionSettings } from './connectionOptions.js';

/** Without the option (RFC 9293 §3.7.1). */
const DEFAULT_SEGMENT_SIZE = 1_220;

/** What a SYN had offered, as the acknowledgment of a SYN cookie tells. */
export interface RestoredOptions {
  readonly segmentSize: number;
  /** −1 for none. */
  readonly scale: number;
  readonly hasSack: boolean;
}

/** What the SYN of the other side says, as far as we use it, too; of no meaning before it came. */
export class PeerSyn {
  /** IRS. */
  initial = 0;
  segmentSize = 0;
  /** −1 where windows are not scaled. */
  scale = -1;
  timestamp = 0;
  hasSack = false;
  hasTimestamps = false;
  hasEcn = false;

  /** RCV.NXT behind the SYN. */
  get next(): number {
    return advance(this.initial, 1);
  }

  /** @param mayHaveEcn - whether all SYNs that this one may answer have offered ECN */
  learn(settings: ConnectionSettings, segment: Segment, mayHaveEcn: boolean): void {
    this.initial = segment.sequence;
    this.segmentSize = segment.maximumSegmentSize || DEFAULT_SEGMENT_SIZE;
    this.scale = segment.windowScale;
    this.hasSack = settings.sack && segment.isSackPermitted;
    this.hasTimestamps = settings.timestamps && segment.hasTimestamps;
    this.timestamp = segment.timestamp;
    const expected = segment.isAck ? ECN_ANSWER : ECN_SETUP;
    this.hasEcn = settings.ecn && mayHaveEcn && (segment.flags & ECN_SETUP) === expected;
  }

  /** Nothing was kept of the SYN; the acknowledgment itself says what was agreed (RFC 4987 §3.6). */
  restore(settings: ConnectionSettings, segment: Segment, agreed: RestoredOptions): void {
    this.initial = advance(segment.sequence, -1);
    this.segmentSize = agreed.segmentSize;
    this.hasTimestamps = settings.timestamps && segment.hasTimestamps;
    this.scale = this.hasTimestamps ? agreed.scale : -1;
    this.hasSack = this.hasTimestamps && agreed.hasSack;
    this.timestamp = segment.timestamp;
  }
}
