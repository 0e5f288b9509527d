import { describe, test } from 'vitest';
import { plain } from './support/connections.js';
import { runScript } from './support/script.js';

const OPEN = `
  0    listen
  0    < S 0 win 10000 <mss 1000, sack>
  0    > SA 0 ack 1 <mss 1220, sack>
  10   < A 1 ack 1 win 10000
  10   = ESTABLISHED
`;
const options = { timestamps: false, ecn: false };
/** The first 16 segments are acknowledged at once. */
const QUICK = Array.from(
  { length: 16 },
  (_, index) => `+0 < A ${index * 10 + 1}:${index * 10 + 11} ack 1
    +0 > A 1 ack ${index * 10 + 11} <>`,
).join('\n');

describe('acknowledgments', () => {
  test('are delayed by 40 ms, or until the second segment (RFC 9293 §3.8.6.3)', () => {
    runScript(
      `${OPEN}${QUICK}
      +100 < A 161:171 ack 1
      +40  > A 1 ack 171
      +100 < A 171:181 ack 1
      +10  < A 181:191 ack 1
      +0   > A 1 ack 191
      +10  < A 191:201 ack 1
      +20  write 5
      +0   > PA 1:6 ack 201
    `,
      options,
    );
  });

  test('are not delayed where data is missing, or was (RFC 5681 §4.2)', () => {
    runScript(
      `${OPEN}${QUICK}
      +0   < A 171:181 ack 1
      +0   > A 1 ack 161 <sacked 171-181>
      +0   < A 161:171 ack 1
      +0   > A 1 ack 181 <>
    `,
      options,
    );
  });

  test('name the range of the latest segment first (RFC 2018 §4)', () => {
    runScript(
      `${OPEN}
      +0   < A 11:21 ack 1
      +0   > A 1 ack 1 <sacked 11-21>
      +0   < A 31:41 ack 1
      +0   > A 1 ack 1 <sacked 31-41 11-21>
      +0   < A 51:61 ack 1
      +0   > A 1 ack 1 <sacked 51-61 31-41 11-21>
      +0   < A 71:81 ack 1
      +0   > A 1 ack 1 <sacked 71-81 51-61 31-41 11-21>
      +0   < A 91:101 ack 1
      +0   > A 1 ack 1 <sacked 91-101 71-81 51-61 31-41>
      +0   < A 21:31 ack 1
      +0   > A 1 ack 1 <sacked 11-41 91-101 71-81 51-61>
      +0   < A 1:11 ack 1
      +0   > A 1 ack 41 <sacked 91-101 71-81 51-61>
    `,
      options,
    );
  });

  test('name three ranges beside timestamps', () => {
    runScript(
      `
      0    listen
      0    < S 0 <mss 1000, sack, ts 1 0>
      0    > SA 0 ack 1 <mss 1220, sack, ts 0 1>
      10   < A 1 ack 1 <ts 1 0>
      +0   < A 11:21 ack 1 <ts 1 0>
      +0   > A 1 ack 1 <ts 10 1, sacked 11-21>
      +0   < A 31:41 ack 1 <ts 1 0>
      +0   > A 1 ack 1
      +0   < A 51:61 ack 1 <ts 1 0>
      +0   > A 1 ack 1
      +0   < A 71:81 ack 1 <ts 1 0>
      +0   > A 1 ack 1 <ts 10 1, sacked 71-81 51-61 31-41>
    `,
      { ecn: false },
    );
  });

  test('name no ranges where that was not offered', () => {
    runScript(
      `
      0    listen
      0    < S 0 <mss 1000>
      0    > SA 0 ack 1 <mss 1220>
      10   < A 1 ack 1
      +0   < A 11:21 ack 1
      +0   > A 1 ack 1 <>
    `,
      options,
    );
  });

  test('report once what came twice (RFC 2883 §4)', () => {
    runScript(
      `${OPEN}
      +0   < A 1:11 ack 1
      +0   > A 1 ack 11 <>
      +0   < A 1:11 ack 1
      +0   > A 1 ack 11 <sacked 1-11>
      +0   < A 6:16 ack 1
      +0   > A 1 ack 16 <sacked 6-11>
      +0   < A 31:41 ack 1
      +0   > A 1 ack 16 <sacked 31-41>
      +0   < A 31:36 ack 1
      +0   > A 1 ack 16 <sacked 31-36 31-41>
      +0   < A 35:45 ack 1
      +0   > A 1 ack 16 <sacked 35-41 31-45>
      +0   < A 16:31 ack 1
      +0   > A 1 ack 45 <>
    `,
      options,
    );
  });

  test('say nothing of urgent data, which is data as any other (RFC 9293 §3.8.5)', () => {
    runScript(
      `
      0    listen
      0    < S 0
      0    > SA 0 ack 1
      10   < A 1 ack 1
      +0   < PAU 1:11 ack 1
      +0   > A 1 ack 11
      +0   read 10
    `,
      plain,
    );
  });
});
