import { StartError } from '../errors.js';
import { clearInterval, setInterval } from '../realTimers.js';
import { CaptureRingReader, CaptureSide, type CaptureSideCode } from './captureRing.js';
import { interfaceDescription, interfaceStatistics, sectionHeader } from './pcapng.js';

/** Milliseconds from one look at what was captured to the next. */
const INTERVAL = 20;
/** Milliseconds after which drops are told, if there are more. */
const STATISTICS_INTERVAL = 1000;
/** Bytes that may wait for a slow reader; then packets are dropped once the rings are full. */
const MOST_WAITING = 4 << 20;
/** Bytes of a packet that are kept at least: the headers of both layers. */
export const LEAST_SNAP_LENGTH = 96;
/** Any packet. */
export const HIGHEST_SNAP_LENGTH = 262_144;

/** Options of a capture. */
export interface CaptureOptions {
  /**
   * `outer`: UDP datagrams; `inner`: IPv6 packets from and to the local side; `both`: as two interfaces of
   * one capture. Default `outer`.
   */
  readonly side?: 'outer' | 'inner' | 'both' | undefined;
  /** Bytes of a packet that are kept, 96 to 262144; default all. */
  readonly snapLength?: number | undefined;
  /** Ends by itself after so many packets; default never. */
  readonly count?: number | undefined;
  /** Name of the program that captures, for the head of the file. */
  readonly application?: string | undefined;
}

/** Where a capture is written to, as a stream of Node.js. */
export interface CaptureOutput {
  /** Bytes that were written and wait. */
  readonly writableLength: number;
  /** Takes further bytes, of which no reference is kept by the caller. */
  write(bytes: Uint8Array): unknown;
}

/** @internal What a {@link Capture} is made of. */
export interface CaptureParts {
  readonly options: CaptureOptions;
  /** Name of the daemon's interface, or null. */
  readonly tun: string | null;
  readonly output: CaptureOutput;
  readonly rings: readonly SharedArrayBuffer[];
  /** Called once, when nothing is captured any more, before what is left is written. */
  readonly stop: () => void;
  /** Called once everything is written. */
  readonly onEnd: () => void;
}

/** The numbers of the interfaces of a capture, in the order of their descriptions; null for none. */
export function interfaceNumbers({ side = 'outer' }: CaptureOptions): {
  readonly outer: number | null;
  readonly inner: number | null;
} {
  switch (side) {
    case 'outer':
      return { outer: 0, inner: null };
    case 'inner':
      return { outer: null, inner: 0 };
    case 'both':
      return { outer: 0, inner: 1 };
  }
}

/**
 * A running capture: takes what taps wrote to rings, and writes it to an output as pcapng, which programs such as
 * Wireshark read meanwhile. A reader that is too slow loses packets, which the statistics of the interfaces count.
 */
export class Capture {
  readonly #parts: CaptureParts;
  readonly #readers: readonly CaptureRingReader[];
  readonly #sides: readonly CaptureSideCode[];
  readonly #start = Date.now();
  readonly #timer: NodeJS.Timeout;
  #left: number;
  #toldAt: number;
  #toldDrops = 0;
  #isOver = false;

  /** @internal Writes the head of the file. */
  constructor(parts: CaptureParts) {
    const { options, rings, output } = parts;
    this.#parts = parts;
    this.#left = options.count ?? Number.POSITIVE_INFINITY;
    this.#readers = rings.map((memory) => new CaptureRingReader(memory));
    const { outer, inner } = interfaceNumbers(options);
    this.#sides = [
      ...(outer === null ? [] : [CaptureSide.outer]),
      ...(inner === null ? [] : [CaptureSide.inner]),
    ];
    this.#toldAt = this.#start;
    output.write(sectionHeader(options.application ?? '6bed4'));
    for (const side of this.#sides) output.write(interfaceDescription(this.#describe(side)));
    this.#timer = setInterval(() => this.#look(), INTERVAL);
    this.#timer.unref();
  }

  /** Ends the capture and writes what is left. May be called again. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#timer);
    this.#parts.stop();
    this.#drain();
    this.#tell();
    this.#parts.onEnd();
  }

  #describe(side: CaptureSideCode) {
    const { tun, options } = this.#parts;
    const snapLength = options.snapLength ?? HIGHEST_SNAP_LENGTH;
    return side === CaptureSide.outer
      ? { name: '6bed4-outer', description: 'UDP datagrams of the tunnel', snapLength }
      : { name: tun ?? '6bed4-inner', description: 'IPv6 packets in the tunnel', snapLength };
  }

  #look(): void {
    this.#drain();
    if (this.#left === 0) {
      this.close();
      return;
    }
    const now = Date.now();
    if (now - this.#toldAt < STATISTICS_INTERVAL) return;
    this.#toldAt = now;
    const drops = this.#sides.reduce<number>((sum, side) => sum + this.#counts(side).dropped, 0);
    // The last statistics count, also when there is no time for an end.
    if (drops !== this.#toldDrops) this.#tell();
    this.#toldDrops = drops;
  }

  #drain(): void {
    const { output } = this.#parts;
    for (const reader of this.#readers) {
      while (this.#left > 0 && (this.#isOver || output.writableLength < MOST_WAITING)) {
        const taken = reader.take(this.#left);
        if (taken === null) break;
        this.#left -= taken.blocks;
        output.write(taken.bytes);
      }
    }
  }

  #tell(): void {
    const end = Date.now();
    for (const [id, side] of this.#sides.entries()) {
      const { received, dropped } = this.#counts(side);
      this.#parts.output.write(
        interfaceStatistics({ id, start: this.#start, end, received, dropped }),
      );
    }
  }

  #counts(side: CaptureSideCode): { received: number; dropped: number } {
    const sum = { received: 0, dropped: 0 };
    for (const reader of this.#readers) {
      const { received, dropped } = reader.counts(side);
      sum.received += received;
      sum.dropped += dropped;
    }
    return sum;
  }
}

/** The refusal of a capture beside another one. */
export function alreadyCapturing(): StartError {
  return new StartError('EBUSY', 'another capture of this daemon is running');
}
