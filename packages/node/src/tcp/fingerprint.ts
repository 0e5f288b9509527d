import { createHash } from 'node:crypto';
import { InvalidArgumentError } from '@6bed4/codec';

/** Length of an Ed25519 public key (RFC 8032 §5.1.5). */
const KEY_BYTES = 32;
/** With these, a key fills whole characters and whole groups. */
const CHECK_BYTES = 3;
/** Base32 (RFC 4648 §6), in lower case. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const BITS_PER_CHARACTER = 5;
const CHARACTERS = ((KEY_BYTES + CHECK_BYTES) * 8) / BITS_PER_CHARACTER;
const GROUP = /.{4}(?=.)/g;
const SEPARATORS = /[\s-]/g;
/** Digits that base32 leaves out, since they look like letters. */
const LOOKALIKES: Readonly<Record<string, string>> = { 0: 'o', 1: 'l', 8: 'b' };
const EXPECTED = `${CHARACTERS} characters of base32, as in \`fingerprint\``;

/** The fingerprint of a key: the key and the check bytes in groups of four characters. */
export function formatFingerprint(key: Uint8Array): string {
  return toBase32(Buffer.concat([key, checkBytes(key)])).replace(GROUP, '$&-');
}

/**
 * The key that a fingerprint stands for. Case, spaces and hyphens do not matter.
 *
 * @throws InvalidArgumentError for anything else than a fingerprint, also for one with a typing error
 */
export function parseFingerprint(text: string): Buffer {
  if (typeof text !== 'string') throw invalid(String(text));
  const compact = text.toLowerCase().replace(SEPARATORS, '');
  const bytes = fromBase32(compact.replace(/[018]/g, (digit) => LOOKALIKES[digit]!));
  if (bytes === null) throw invalid(text);
  const key = bytes.subarray(0, KEY_BYTES);
  if (!checkBytes(key).equals(bytes.subarray(KEY_BYTES))) {
    throw new InvalidArgumentError('fingerprint', text, 'one without a typing error');
  }
  return key;
}

function invalid(found: string): InvalidArgumentError {
  return new InvalidArgumentError('fingerprint', found, EXPECTED);
}

/** A misread fingerprint passes once in 2^24 times; it then is the key of nobody. */
function checkBytes(key: Uint8Array): Buffer {
  const hash = createHash('sha256').update('6bed4 fingerprint').update(key).digest();
  return hash.subarray(0, CHECK_BYTES);
}

function toBase32(bytes: Uint8Array): string {
  let text = '';
  let value = 0;
  let bits = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= BITS_PER_CHARACTER) {
      bits -= BITS_PER_CHARACTER;
      text += ALPHABET[(value >> bits) & 0x1f];
    }
  }
  return text;
}

function fromBase32(text: string): Buffer | null {
  if (text.length !== CHARACTERS) return null;
  const bytes: number[] = [];
  let value = 0;
  let bits = 0;
  for (const character of text) {
    const digit = ALPHABET.indexOf(character);
    if (digit < 0) return null;
    value = ((value << BITS_PER_CHARACTER) | digit) & 0xfff;
    bits += BITS_PER_CHARACTER;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((value >> bits) & 0xff);
    }
  }
  return Buffer.from(bytes);
}
