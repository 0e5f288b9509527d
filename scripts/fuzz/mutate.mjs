/** Makes new inputs from old ones. */

const INTERESTING = [
  0, 1, 2, 4, 6, 7, 8, 16, 17, 32, 39, 40, 44, 48, 58, 59, 60, 64, 96, 114, 127, 128,
];
const INTERESTING_HIGH = [133, 134, 135, 136, 137, 224, 240, 252, 253, 254, 255];
const BYTES = [...INTERESTING, ...INTERESTING_HIGH];
/** Most changes to one input. */
const MOST_CHANGES = 8;

/** Random numbers that are the same for the same seed (xorshift32). */
export class Chance {
  #state;

  constructor(seed) {
    this.#state = (seed ^ 0x9e3779b9) | 0 || 1;
  }

  /** An integer from 0 to below the bound. */
  below(bound) {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return (state >>> 0) % bound;
  }

  pick(list) {
    return list[this.below(list.length)];
  }
}

function flipBit(bytes, chance) {
  if (bytes.length > 0) bytes[chance.below(bytes.length)] ^= 1 << chance.below(8);
  return bytes;
}

function setByte(bytes, chance) {
  if (bytes.length > 0) {
    bytes[chance.below(bytes.length)] = chance.below(2) ? chance.below(256) : chance.pick(BYTES);
  }
  return bytes;
}

function addToByte(bytes, chance) {
  if (bytes.length > 0) bytes[chance.below(bytes.length)] += chance.below(33) - 16;
  return bytes;
}

function remove(bytes, chance) {
  if (bytes.length === 0) return bytes;
  const at = chance.below(bytes.length);
  const count = 1 + chance.below(Math.min(32, bytes.length - at));
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + count)]);
}

function insert(bytes, chance) {
  const at = chance.below(bytes.length + 1);
  const added = Buffer.alloc(1 + chance.below(16));
  const isEven = chance.below(2) === 0;
  const value = chance.pick(BYTES);
  for (let index = 0; index < added.length; index++) {
    added[index] = isEven ? value : chance.below(256);
  }
  return Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at)]);
}

function repeat(bytes, chance) {
  if (bytes.length === 0) return bytes;
  const from = chance.below(bytes.length);
  const part = bytes.subarray(from, from + 1 + chance.below(64));
  const at = chance.below(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(at)]);
}

function splice(bytes, chance, other) {
  const from = chance.below(other.length + 1);
  const part = other.subarray(from, from + 1 + chance.below(other.length + 1));
  const at = chance.below(bytes.length + 1);
  const rest = bytes.subarray(chance.below(2) ? at : Math.min(at + part.length, bytes.length));
  return Buffer.concat([bytes.subarray(0, at), part, rest]);
}

function overwrite(bytes, chance, other) {
  if (bytes.length === 0 || other.length === 0) return bytes;
  const from = chance.below(other.length);
  const count = 1 + chance.below(Math.min(16, other.length - from));
  bytes.set(other.subarray(from, from + count).subarray(0, bytes.length), 0);
  const at = chance.below(bytes.length);
  bytes.set(other.subarray(from, from + Math.min(count, bytes.length - at)), at);
  return bytes;
}

function word(bytes, chance, _other, words) {
  if (words.length === 0) return bytes;
  const token = chance.pick(words);
  const at = chance.below(bytes.length + 1);
  if (chance.below(2) === 0 && at + token.length <= bytes.length) {
    bytes.set(token, at);
    return bytes;
  }
  return Buffer.concat([bytes.subarray(0, at), token, bytes.subarray(at)]);
}

const CHANGES = [
  flipBit,
  setByte,
  setByte,
  addToByte,
  remove,
  insert,
  repeat,
  splice,
  overwrite,
  word,
];

/**
 * A changed copy of an input.
 *
 * @param other - another input, parts of which may get into it
 * @param words - byte strings that the target knows to matter
 * @param longest - length in bytes that the result is cut to
 */
export function mutate(input, other, words, longest, chance) {
  let bytes = Buffer.from(input);
  const count = 1 + chance.below(MOST_CHANGES);
  for (let index = 0; index < count; index++) {
    bytes = chance.pick(CHANGES)(bytes, chance, other, words);
  }
  return bytes.length > longest ? bytes.subarray(0, longest) : bytes;
}
