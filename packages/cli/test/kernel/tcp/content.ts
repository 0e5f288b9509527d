import { createCipheriv, createHash } from 'node:crypto';
import type { Content } from './plan.js';

const CHUNK = 65_536;

/** Pseudo-random bytes, in pieces, and the hash of those that were taken. */
export class ContentSource {
  readonly #stream = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16));
  readonly #hash = createHash('sha256');
  #left: number;
  #bytes = 0;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** The next piece; null behind the last one. */
  next(): Buffer | null {
    if (this.#left === 0) return null;
    const piece = this.#stream.update(Buffer.alloc(Math.min(CHUNK, this.#left)));
    this.#left -= piece.length;
    this.#bytes += piece.length;
    this.#hash.update(piece);
    return piece;
  }

  get content(): Content {
    return { bytes: this.#bytes, sha256: this.#hash.copy().digest('hex') };
  }
}

/** Counts and hashes what arrives. */
export class ContentSink {
  readonly #hash = createHash('sha256');
  bytes = 0;

  take(piece: Uint8Array): void {
    this.bytes += piece.length;
    this.#hash.update(piece);
  }

  get content(): Content {
    return { bytes: this.bytes, sha256: this.#hash.copy().digest('hex') };
  }
}
