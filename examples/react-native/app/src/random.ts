import 'react-native-get-random-values';

const NUMBERS = new Uint32Array(256);
let next = NUMBERS.length;

/** Unpredictable numbers in [0, 1), from the system's generator; a kilobyte of it at a time. */
export function random(): number {
  if (next === NUMBERS.length) {
    crypto.getRandomValues(NUMBERS);
    next = 0;
  }
  return NUMBERS[next++]! / 2 ** 32;
}
