import { formatEndpoint } from '@6bed4/codec';
import { colors } from '../output/color.js';
import type { PingReply, RelayReason } from './pathPing.js';

const REASONS: Readonly<Record<RelayReason, string>> = {
  'no-endpoint': 'the address names no endpoint to send to directly',
  searching: 'the direct path is searched',
  unanswered: 'no answer on the direct path: see "6bed4 check" on both sides',
};

/** Writes what became of a request for people. */
export function replyLine({
  sequence,
  roundTripMs,
  sent,
  received,
  endpoint,
  reason,
}: PingReply): string {
  const where = endpoint === null ? '' : ` ${formatEndpoint(endpoint)}`;
  const path = sent === 'relayed' ? sent : colors.green(`${sent}${where}`);
  const why = reason === null ? '' : colors.dim(` (${REASONS[reason]})`);
  if (received === null) return `no reply ${sequence}  sent ${path}${why}`;
  const back = received === sent ? '' : `, back ${received}`;
  return `reply ${sequence}  ${roundTripMs!.toFixed(1)} ms  ${path}${back}${why}`;
}

/** Writes the summary of all requests for people. */
export function summaryLine(replies: readonly PingReply[]): string {
  const received = replies.filter((one) => one.received !== null);
  const direct = received.filter((one) => one.sent !== 'relayed' && one.received !== 'relayed');
  return `${replies.length} sent, ${received.length} received, ${direct.length} of them directly both ways`;
}
