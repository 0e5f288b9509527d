import { findOption, type NdMessage } from '@6bed4/nd';

/** Bytes of a nonce; RFC 3971 §5.3.2 demands 6 at least, and 6 fill the option. */
export const NONCE_LENGTH = 6;

/**
 * Writes a fresh nonce. Its last byte is left to count attempts, so that an answer tells which of
 * them it answers; 40 random bits are what a stranger has to guess.
 */
export function writeNonce(nonces: Uint8Array, at: number, random: () => number): void {
  for (let index = 0; index < NONCE_LENGTH - 1; index++) {
    nonces[at + index] = Math.floor(random() * 256);
  }
  nonces[at + NONCE_LENGTH - 1] = 0;
}

/** The nonce in a message, or null. */
export function nonceOf(message: NdMessage): Uint8Array | null {
  return findOption(message.options, 'nonce')?.nonce ?? null;
}

/** The attempt that a nonce answers, 0..255, or -1 when it is not one of ours. */
export function attemptOf(nonces: Uint8Array, at: number, nonce: Uint8Array): number {
  if (nonce.length !== NONCE_LENGTH) return -1;
  for (let index = 0; index < NONCE_LENGTH - 1; index++) {
    if (nonces[at + index] !== nonce[index]) return -1;
  }
  return nonce[NONCE_LENGTH - 1]!;
}
