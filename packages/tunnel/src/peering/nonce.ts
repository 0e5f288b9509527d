import { findOption, grown, type NdMessage } from '@6bed4/nd';

/** Bytes of a nonce; RFC 3971 §5.3.2 demands 6 at least, and 6 fill the option. */
const NONCE_LENGTH = 6;

const ATTEMPT = NONCE_LENGTH - 1;

/**
 * The nonces of solicitations, by slot. 40 bits of each are random: that is what an attacker has to
 * guess. The last byte counts the solicitations of a round, so that an answer shows which of them it
 * answers.
 */
export class Nonces {
  #bytes = new Uint8Array();
  readonly #random: () => number;

  /** @param random - numbers in [0, 1) that attackers cannot predict */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Makes room for slots up to `capacity`; nothing changes for those that there are. */
  grow(capacity: number): void {
    this.#bytes = grown(this.#bytes, capacity * NONCE_LENGTH);
  }

  /** Makes a fresh nonce: answers to earlier solicitations count no more. */
  renew(slot: number): void {
    const at = slot * NONCE_LENGTH;
    for (let index = 0; index < ATTEMPT; index++) {
      this.#bytes[at + index] = Math.floor(this.#random() * 256);
    }
    this.#bytes[at + ATTEMPT] = 0;
  }

  /** The solicitation of a round that the nonce belongs to, 0..255. */
  attempt(slot: number): number {
    return this.#bytes[slot * NONCE_LENGTH + ATTEMPT]!;
  }

  setAttempt(slot: number, attempt: number): void {
    this.#bytes[slot * NONCE_LENGTH + ATTEMPT] = attempt;
  }

  /** The nonce of a slot; a copy. */
  get(slot: number): Uint8Array {
    return this.#bytes.slice(slot * NONCE_LENGTH, (slot + 1) * NONCE_LENGTH);
  }

  /** The solicitation that an answer with this nonce belongs to, 0..255; -1 when it is not ours. */
  match(slot: number, nonce: Uint8Array): number {
    if (nonce.length !== NONCE_LENGTH) return -1;
    const at = slot * NONCE_LENGTH;
    for (let index = 0; index < ATTEMPT; index++) {
      if (this.#bytes[at + index] !== nonce[index]) return -1;
    }
    // Nobody can answer what was not sent yet.
    return nonce[ATTEMPT]! <= this.attempt(slot) ? nonce[ATTEMPT]! : -1;
  }
}

/**
 * Makes a nonce for one solicitation.
 *
 * @param random - numbers in [0, 1) that attackers cannot predict
 */
export function freshNonce(random: () => number): Uint8Array {
  return Uint8Array.from({ length: NONCE_LENGTH }, () => Math.floor(random() * 256));
}

/** Whether an answer has the nonce of a solicitation; `null` for one that was not sent. */
export function sameNonce(own: Uint8Array | null, nonce: Uint8Array): boolean {
  return own !== null && nonce.length === own.length && own.every((byte, at) => byte === nonce[at]);
}

/** The nonce in a message, or null. */
export function nonceOf(message: NdMessage): Uint8Array | null {
  return findOption(message.options, 'nonce')?.nonce ?? null;
}
