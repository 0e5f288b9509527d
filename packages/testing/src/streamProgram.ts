/** The end of a connection, as much of it as a program of a test uses. Times in milliseconds. */
export interface ByteStream {
  readonly writable: number;
  readonly isEnded: boolean;
  write(bytes: Uint8Array, offset: number, length: number, now: number): number;
  read(into: Uint8Array, offset: number, length: number, now: number): number;
  end(now: number): void;
}

/** The clock of a {@link StreamProgram}: that of the connection, and a way to wait. */
export interface ProgramClock {
  now(): number;
  after(milliseconds: number, action: () => void): void;
}

/** What a program writes, and how it reads. */
export interface StreamHabits {
  /** Bytes that it writes in all. */
  readonly length: number;
  /** Bytes of one write, and milliseconds from one to the next. */
  readonly piece: number;
  readonly writeEvery: number;
  /** Bytes of one read, and milliseconds from one to the next. */
  readonly bite: number;
  readonly readEvery: number;
  /** Milliseconds before the first read. */
  readonly readAfter: number;
  /** Whether it ends its data only when it has read all of the other side's. */
  readonly endsLast: boolean;
}

const SCRATCH = 16_384;

/** The byte at an offset of the stream with this number; streams differ nearly everywhere. */
export function streamByte(stream: number, offset: number): number {
  const mixed = Math.imul(offset + Math.imul(stream, 0x6c07_8965), 0x9e37_79b1);
  return (mixed ^ (mixed >>> 15)) >>> 24;
}

/** A program at one end of a connection, which writes one stream and checks each byte of another. */
export class StreamProgram {
  readonly habits: StreamHabits;
  written = 0;
  read = 0;
  /** The offset of the first byte that was wrong; −1 for none. */
  wrongAt = -1;
  /** Whether the end of what the other side writes was read. */
  sawEnd = false;
  hasEnded = false;
  readonly #stream: ByteStream;
  readonly #clock: ProgramClock;
  readonly #writes: number;
  readonly #reads: number;
  readonly #buffer: Uint8Array;
  #mayRead = false;
  #isWriting = false;

  /**
   * @param writes - number of the stream that it writes
   * @param reads - number of the stream that it expects
   */
  constructor(
    stream: ByteStream,
    clock: ProgramClock,
    streams: { writes: number; reads: number },
    habits: StreamHabits,
  ) {
    this.#stream = stream;
    this.#clock = clock;
    this.#writes = streams.writes;
    this.#reads = streams.reads;
    this.habits = habits;
    this.#buffer = new Uint8Array(Math.min(habits.bite, SCRATCH));
  }

  /** The connection is open. */
  opened(): void {
    this.#clock.after(this.habits.readAfter, () => this.#allowRead());
    this.#write();
  }

  /** There may be more to read. */
  readable(): void {
    if (this.#mayRead) this.#take();
  }

  /** There may be room to write. */
  writable(): void {
    if (!this.#isWriting) this.#write();
  }

  #write(): void {
    this.#isWriting = false;
    const { length, piece, writeEvery } = this.habits;
    while (this.written < length) {
      const count = Math.min(piece, length - this.written, SCRATCH);
      const taken = this.#stream.write(this.#piece(count), 0, count, this.#clock.now());
      this.written += taken;
      // The event tells when there is room again.
      if (taken < count) return;
      if (writeEvery > 0 && this.written < length) {
        this.#isWriting = true;
        this.#clock.after(writeEvery, () => this.#write());
        return;
      }
    }
    this.#endIfDone();
  }

  #piece(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, (_, index) =>
      streamByte(this.#writes, this.written + index),
    );
  }

  #allowRead(): void {
    this.#mayRead = true;
    this.#take();
  }

  #take(): void {
    const { readEvery } = this.habits;
    const buffer = this.#buffer;
    for (;;) {
      const count = this.#stream.read(buffer, 0, buffer.length, this.#clock.now());
      if (count === 0) break;
      this.#check(count);
      if (readEvery === 0) continue;
      this.#mayRead = false;
      this.#clock.after(readEvery, () => this.#allowRead());
      return;
    }
    if (this.#stream.isEnded) {
      this.sawEnd = true;
      this.#endIfDone();
    }
  }

  #check(count: number): void {
    for (let index = 0; index < count && this.wrongAt < 0; index++) {
      if (this.#buffer[index] !== streamByte(this.#reads, this.read + index)) {
        this.wrongAt = this.read + index;
      }
    }
    this.read += count;
  }

  #endIfDone(): void {
    const { length, endsLast } = this.habits;
    if (this.hasEnded || this.written < length || (endsLast && !this.sawEnd)) return;
    this.hasEnded = true;
    this.#stream.end(this.#clock.now());
  }
}
