import { setTimeout as delay } from 'node:timers/promises';
import type { Endpoint } from '@6bed4/codec';
import {
  answerOf,
  arrives,
  leaseFrom,
  openProbe,
  type Probe,
  type ProbeSettings,
} from './probe.js';

/** Pauses that are tried, in seconds: on both sides of what NATs have mostly, such as 30, 60, 120 and 180. */
const PAUSES = [2, 5, 10, 15, 20, 24, 28, 32, 45, 58, 62, 90, 118, 122, 150, 178, 182, 240, 300];
/** The shortest and the longest pause that may be asked for, in seconds. */
export const SHORTEST_PAUSE = PAUSES[0]!;
export const LONGEST_PAUSE = PAUSES.at(-1)!;
/** Seconds for which a NAT has to keep a mapping at least (RFC 4787 §4.3). */
export const RFC_TIMEOUT = 120;
/** The longest pause unless told otherwise, in seconds. */
export const DEFAULT_PAUSE = 122;

const MS_PER_SECOND = 1000;

/** How long a mapping lives without traffic, in seconds (RFC 4787 §4.3). */
export interface MappingTimeout {
  /** The longest pause after which it was still there; 0 for none. */
  readonly atLeast: number;
  /** The shortest pause after which it was gone; null when it never was, or the router did not relay any more. */
  readonly below: number | null;
}

/** A socket whose mapping was made at a time, and gets no traffic after that. */
interface IdleMapping {
  readonly probe: Probe;
  /** Its address, in which the router sees the mapping; null where the router did not answer. */
  readonly address: string | null;
  /** On the clock of `performance.now`. */
  readonly since: number;
  readonly pause: number;
}

/** Settings of the measurement. */
export interface TimeoutSettings extends ProbeSettings {
  readonly router: Endpoint;
  /** The longest pause in seconds. */
  readonly upTo: number;
  /** Called when a pause is over, with its seconds. */
  readonly onPause: (pause: number, isAlive: boolean) => void;
}

/** The pauses in seconds that are tried up to the longest one, which is the last. */
export function pausesUpTo(longest: number): number[] {
  return [...PAUSES.filter((pause) => pause < longest), longest];
}

/**
 * Finds out how long a NAT keeps a mapping without traffic, as RFC 5780 §4.6 does: a socket is silent for a pause,
 * then another one makes the router send to where it saw the first. All pauses are tried at the same time, each with a
 * socket of its own, and the measurement ends with the first mapping that is gone.
 *
 * @returns null when the router does not relay between two sockets; a router that falls silent ends it
 * @throws StartError when no UDP socket is to be had
 */
export async function measureMappingTimeout(
  settings: TimeoutSettings,
): Promise<MappingTimeout | null> {
  if (!(await isRelaying(settings))) return null;
  const idle: IdleMapping[] = [];
  try {
    for (const pause of pausesUpTo(settings.upTo)) idle.push(await openIdle(settings, pause));
    return await firstGone(settings, idle);
  } finally {
    await Promise.all(idle.map(({ probe }) => probe.peer.close()));
  }
}

async function firstGone(
  settings: TimeoutSettings,
  idle: readonly IdleMapping[],
): Promise<MappingTimeout> {
  let atLeast = 0;
  for (const mapping of idle) {
    const { since, pause } = mapping;
    const rest = since + MS_PER_SECOND * pause - performance.now();
    if (rest > 0) await delay(rest);
    const isAlive = await isReached(settings, mapping);
    if (isAlive === null) break;
    settings.onPause(pause, isAlive);
    if (!isAlive) return { atLeast, below: (await isRelaying(settings)) ? pause : null };
    atLeast = pause;
  }
  return { atLeast, below: null };
}

async function openIdle(settings: TimeoutSettings, pause: number): Promise<IdleMapping> {
  const probe = await openProbe(settings, settings.router);
  await answerOf(probe, settings.router);
  probe.port.isSilent = true;
  const address = leaseFrom(probe.peer, settings.router)?.address ?? null;
  return { probe, address, since: performance.now(), pause };
}

/** Whether a packet gets from a new socket to another new one. */
async function isRelaying(settings: TimeoutSettings): Promise<boolean> {
  const mapping = await openIdle(settings, 0);
  try {
    return (await isReached(settings, mapping)) === true;
  } finally {
    await mapping.probe.peer.close();
  }
}

/**
 * Whether the router reaches a socket where it saw it; the sender is a new socket, whose mapping is fresh. Null when
 * the router does not answer that one.
 */
async function isReached(
  settings: TimeoutSettings,
  { probe, address }: IdleMapping,
): Promise<boolean | null> {
  const { router } = settings;
  if (address === null) return null;
  const sender = await openProbe(settings, router);
  try {
    await answerOf(sender, router);
    const from = leaseFrom(sender.peer, router);
    if (from === undefined) return null;
    return await arrives(sender.peer, [from.address, address], probe, router);
  } finally {
    await sender.peer.close();
  }
}
