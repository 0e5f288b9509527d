import { type FuzzTarget, InputReader } from '@6bed4/testing/fuzzTarget';
import { StackScript } from '../hostile/stackScript.js';

/** A script: options of the stack, and then steps; see {@link StackScript}. */
const seed = (...steps: number[][]): Uint8Array => Uint8Array.from(steps.flat());
/** A remote opens a connection, and acknowledges. */
const OPENED = [0, 0, 0, 0, 1, 0];

/** The stack: listener, connections both ways, segments that keep to no rule, ICMPv6 errors, and time. */
export const target: FuzzTarget = {
  longest: 600,
  seeds: [
    // Options; data in order, behind a gap, twice; the end.
    seed([7], OPENED, [2, 0, 0, 0, 3, 0, 40], [2, 0, 4, 0, 3, 0, 40], [2, 0, 1, 0, 3, 1, 40]),
    // The program writes, is acknowledged in parts, and ends.
    seed([7], OPENED, [5, 0, 200, 7, 3], [2, 0, 0, 3, 3, 1, 0], [7, 0, 7, 3], [6, 0, 7, 5]),
    // An active open, which is answered; errors about it.
    seed([0], [4, 7, 2], [1, 2], [5, 2, 100], [3, 2, 0, 0, 7, 6], [3, 2, 1, 5, 7, 7]),
    // Cookies.
    seed([15], [0, 0, 0, 0], [0, 1, 0, 0, 0, 1, 1, 0], [1, 1, 7, 2], [7, 7, 7, 9]),
  ],
  run(input) {
    new StackScript(new InputReader(input)).play();
  },
};
