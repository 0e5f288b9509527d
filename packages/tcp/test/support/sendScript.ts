import { Cubic } from '../../src/congestion/cubic.js';
import type { CongestionControl } from '../../src/index.js';
import { Segment } from '../../src/segment/segment.js';
import { Sender } from '../../src/send/sender.js';

/** Data of a segment in these scripts, so that numbers are easy to read. */
export const SIZE = 1_000;
const ACK = 0x10;
const ECE = 0x40;

/** CUBIC that lets out at once what the window takes. */
class Unpaced extends Cubic {
  override get pacingRate(): number {
    return Number.POSITIVE_INFINITY;
  }
}

/** What an acknowledgment carries besides its number. */
export interface AckOptions {
  /** Blocks in the order of the option, edges in segments. */
  readonly sack?: readonly (readonly [number, number])[];
  /** The time whose timestamp is echoed. */
  readonly echo?: number;
  readonly ecn?: boolean;
  /** In segments; the large window of before by default. */
  readonly window?: number;
}

/** A sender alone, whose segments and acknowledgments are told in segments of {@link SIZE} bytes. */
export class SendScript {
  now = 1_000;
  readonly sender: Sender;
  /** What was sent: `3` for segment 3, `3*` for segment 3 again. */
  readonly sent: string[] = [];
  readonly #segment = new Segment();

  constructor(
    options: { sack?: boolean; congestion?: CongestionControl; roundTrip?: number | null } = {},
  ) {
    const { sack = true, congestion = new Unpaced(SIZE), roundTrip = 100 } = options;
    this.sender = new Sender(0, { segmentSize: SIZE, limit: 10_000_000, congestion });
    this.sender.openWindow(5_000_000, 0, 0);
    this.sender.usesSack = sack;
    if (roundTrip !== null) this.sender.roundTrip.sample(roundTrip, this.now);
  }

  /** Writes so many segments; returns what leaves. */
  write(segments: number): string {
    const bytes = segments * SIZE;
    this.sender.queue.write(new Uint8Array(bytes), 0, bytes);
    return this.output();
  }

  /** Sends what may be sent; returns it. */
  output(): string {
    const before = this.sent.length;
    for (let next = this.sender.plan(this.now); next !== null; next = this.sender.plan(this.now)) {
      this.sent.push(`${next.sequence / SIZE}${next.isRetransmission ? '*' : ''}`);
      this.sender.sent(next, Math.floor(this.now), this.now);
    }
    return this.sent.slice(before).join(' ');
  }

  /** All up to this segment, exclusive, is acknowledged; returns what leaves then. */
  ack(segments: number, options: AckOptions = {}): string {
    const segment = this.#segment;
    segment.flags = options.ecn === true ? ACK | ECE : ACK;
    segment.acknowledgment = segments * SIZE;
    segment.hasTimestamps = options.echo !== undefined;
    segment.timestampEcho = options.echo ?? 0;
    segment.sackCount = 0;
    for (const [left, right] of options.sack ?? []) segment.sack(left * SIZE, right * SIZE);
    if (options.window !== undefined) {
      this.sender.updateWindow(segment, options.window * SIZE);
    }
    this.sender.acknowledge(segment, this.now);
    return this.output();
  }

  /** Time passes, with the timers in it; returns what leaves. */
  wait(milliseconds: number): string {
    const before = this.sent.length;
    const end = this.now + milliseconds;
    while (this.sender.deadline <= end) {
      this.now = Math.max(this.now, this.sender.deadline);
      this.sender.expire(this.now);
      this.output();
    }
    this.now = end;
    return this.sent.slice(before).join(' ');
  }

  get window(): number {
    return this.sender.congestion.window / SIZE;
  }
}
