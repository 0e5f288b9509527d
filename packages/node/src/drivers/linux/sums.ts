import { Counters } from '@6bed4/tunnel';
import type { LoopCounters } from './loopCounters.js';
import type { WorkerCounters } from './workerProtocol.js';

const NO_LOOP: LoopCounters = {
  udp: { sendErrors: {}, receiveErrors: {}, queueDrops: 0 },
  localDrops: 0,
  waits: 0,
  receiveCalls: 0,
  messagesReceived: 0,
  datagramsReceived: 0,
  sendCalls: 0,
  messagesSent: 0,
  datagramsSent: 0,
  tunReads: 0,
  packetsRead: 0,
  tunWrites: 0,
  packetsWritten: 0,
  udpSegmentation: true,
};

/** The counters of a loop that did nothing. */
export const NOTHING_COUNTED: WorkerCounters = {
  machine: new Counters().snapshot(),
  loop: NO_LOOP,
};

/** The counters of two loops as if they were one. */
export function addCounters(left: WorkerCounters, right: WorkerCounters): WorkerCounters {
  return add(left, right) as WorkerCounters;
}

/** Adds numbers, in objects by name; of truths, all must hold. */
function add(left: unknown, right: unknown): unknown {
  if (left === undefined) return right;
  if (right === undefined) return left;
  if (typeof left === 'number') return left + (right as number);
  if (typeof left === 'boolean') return left && right;
  const ours = left as Record<string, unknown>;
  const theirs = right as Record<string, unknown>;
  const names = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  return Object.fromEntries([...names].map((name) => [name, add(ours[name], theirs[name])]));
}
