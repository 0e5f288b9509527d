import { runScript } from './script.js';

/** A connection with timestamps and without other options, opened by the other side, at 10 ms. */
export const OPEN = `
  0    listen
  0    < S 0 win 10000 <mss 1000, ts 1000 0>
  0    > SA 0 ack 1 <mss 1220, ts 0 1000>
  10   < A 1 ack 1 win 10000 <ts 1010 0>
  10   = ESTABLISHED
`;

/** Runs a script without selective acknowledgments and ECN. */
export function runPlain(script: string): void {
  runScript(script, { sack: false, ecn: false });
}
