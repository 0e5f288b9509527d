import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';

const PIECE = 64 * 1024;

/** Bytes without pattern, the same for the same seed, and what they hash to. */
export interface Noise {
  readonly source: Readable;
  /** SHA-256 of all bytes, once they were all read. */
  digest(): string;
}

/** Makes `length` bytes to send. Pieces differ, so that one in the wrong place shows in the hash. */
export function noise(length: number, seed = 1): Noise {
  const hash = createHash('sha256');
  const block = Buffer.alloc(PIECE);
  let state = seed;
  for (let i = 0; i < PIECE; i += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    block.writeUInt32BE(state, i);
  }
  let left = length;
  const source = new Readable({
    highWaterMark: PIECE,
    read() {
      if (left === 0) {
        this.push(null);
        return;
      }
      const piece = Buffer.from(block.subarray(0, Math.min(left, PIECE)));
      if (piece.length >= 4) piece.writeUInt32BE(left >>> 0, 0);
      left -= piece.length;
      hash.update(piece);
      this.push(piece);
    },
  });
  return { source, digest: () => hash.digest('hex') };
}

/** Reads a stream to its end, and does not destroy it as `for await` would. */
export function swallow(stream: Readable): Promise<[length: number, digest: string]> {
  const hash = createHash('sha256');
  let length = 0;
  return new Promise((resolve, reject) => {
    stream.on('data', (piece: Buffer) => {
      hash.update(piece);
      length += piece.length;
    });
    stream.once('end', () => resolve([length, hash.digest('hex')]));
    stream.once('error', reject);
    stream.resume();
  });
}
