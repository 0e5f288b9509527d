import { expect, test, vi } from 'vitest';
import type { PingReply } from '../../src/ping/pathPing.js';

vi.mock('../../src/output/color.js', async () => {
  const { default: picocolors } = await import('picocolors');
  return { colors: picocolors.createColors(false) };
});

const { replyLine, summaryLine } = await import('../../src/ping/pingReport.js');

const DIRECT: PingReply = {
  sequence: 3,
  roundTripMs: 2.06,
  sent: 'direct',
  received: 'direct',
  endpoint: { address: '198.51.100.3', port: 41_394 },
  reason: null,
};
const RELAYED: PingReply = {
  ...DIRECT,
  sequence: 1,
  sent: 'relayed',
  received: 'relayed',
  endpoint: null,
  reason: 'searching',
};
const LOST: PingReply = { ...RELAYED, received: null, roundTripMs: null, reason: 'unanswered' };

test.each<[PingReply, string]>([
  [DIRECT, 'reply 3  2.1 ms  direct 198.51.100.3:41394'],
  [{ ...DIRECT, received: 'relayed' }, 'reply 3  2.1 ms  direct 198.51.100.3:41394, back relayed'],
  [RELAYED, 'reply 1  2.1 ms  relayed (the direct path is searched)'],
  [
    { ...RELAYED, reason: 'no-endpoint' },
    'reply 1  2.1 ms  relayed (the address names no endpoint to send to directly)',
  ],
  [
    LOST,
    'no reply 1  sent relayed (no answer on the direct path: see "6bed4 check" on both sides)',
  ],
])('%j is one line', (reply, line) => {
  expect(replyLine(reply)).toBe(line);
});

test('the summary counts as direct only what went and came so', () => {
  const replies = [LOST, RELAYED, DIRECT, { ...DIRECT, received: 'relayed' as const }];
  expect(summaryLine(replies)).toBe('4 sent, 3 received, 1 of them directly both ways');
});
