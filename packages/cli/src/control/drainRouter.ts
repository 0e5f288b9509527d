import { setTimeout as delay } from 'node:timers/promises';
import { StartError } from '@6bed4/node';
import { requestStatus, requestStream } from './controlClient.js';
import { statusIn } from './findDaemons.js';
import type { RouterStatus } from './status.js';

/** Milliseconds over which traffic is counted. */
const LOOK = 1000;
/** Packets a second that are no traffic of peers: more than health checks need. */
const QUIET = 10;
/** Looks in a row: a pause of the traffic is no end of it. */
const QUIET_LOOKS = 2;
const MS_PER_SECOND = 1000;

/** Has a router drain, or take traffic again. @throws StartError when it refuses, or is gone */
export async function setDraining(path: string, isDraining: boolean): Promise<void> {
  const { socket } = await requestStream(path, { request: isDraining ? 'drain' : 'resume' });
  socket.destroy();
}

/**
 * Waits until a router carries no traffic of peers any more.
 *
 * @param seconds - at most
 * @returns packets a second in the end, 10 at most when the traffic has ceased; null when the router is gone
 */
export async function waitForQuiet(path: string, seconds: number): Promise<number | null> {
  const end = performance.now() + seconds * MS_PER_SECOND;
  let before = await packetsAt(path);
  let quietLooks = 0;
  for (;;) {
    const start = performance.now();
    await delay(Math.max(0, Math.min(LOOK, end - start)));
    const after = await packetsAt(path);
    if (before === null || after === null) return null;
    const rate = ((after - before) * MS_PER_SECOND) / Math.max(1, performance.now() - start);
    quietLooks = rate <= QUIET ? quietLooks + 1 : 0;
    if (quietLooks >= QUIET_LOOKS || performance.now() >= end) return rate;
    before = after;
  }
}

/** Whether a rate is none of traffic. */
export const isQuiet = (rate: number | null): boolean => rate === null || rate <= QUIET;

/** Packets that a router has taken from both sides; null when it is gone. */
async function packetsAt(path: string): Promise<number | null> {
  const answer = await requestStatus(path);
  if (answer.kind === 'dead') return null;
  const status = statusIn(answer) as RouterStatus | null;
  if (status === null) throw new StartError('EPROTO', `${path} gives no status`);
  return status.counters.datagramsReceived + status.counters.packetsTaken;
}
