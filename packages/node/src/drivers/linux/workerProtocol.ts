import type { MessagePort } from 'node:worker_threads';
import type { CodecError, DialectName, Profile } from '@6bed4/codec';
import type { CountersSnapshot, PeerOptions, RouterOptions, TunnelEvent } from '@6bed4/tunnel';
import type { LoopCounters } from './loopCounters.js';
import type { TunFeatures } from './tunFeatures.js';

/** A profile that can go to another thread: functions cannot, but the name of its dialect can. */
export type PlainProfile = Omit<Profile, 'layout' | 'dialect'> & { readonly dialect: DialectName };

/** The part of a profile that can go to another thread. */
export function plainProfile(profile: Profile): PlainProfile {
  const { layout: _, dialect, ...plain } = profile;
  return { ...plain, dialect: dialect.name };
}

/** A machine to be made in a worker. Random numbers come from there. */
export type MachinePlan =
  | {
      readonly kind: 'peer';
      readonly profile: PlainProfile;
      readonly options: Omit<PeerOptions, 'profile' | 'random'>;
    }
  | {
      readonly kind: 'router';
      readonly profile: PlainProfile;
      readonly options: Omit<RouterOptions, 'profile' | 'random'>;
    };

/** What a worker is told when it starts. */
export interface WorkerSetup {
  readonly machine: MachinePlan;
  readonly wake: number;
  readonly udp: number;
  readonly tun: number;
  readonly tunFeatures: TunFeatures;
  readonly udpSegmentation: boolean;
  /** `performance.timeOrigin` of the thread whose clock counts. */
  readonly timeOrigin: number;
  /** Words by which the threads wait for each other; see {@link Shared}. */
  readonly shared: SharedArrayBuffer;
  readonly requests: MessagePort;
}

/** Words of the shared memory. */
export const Shared = {
  /** Counts the answers that were given. */
  answers: 0,
  /** 1 when the worker has to end. */
  stop: 1,
  /** 1 when the worker has ended and answers no more. */
  ended: 2,
} as const;
export const SHARED_SIZE = 12;

/** What a worker is asked; it answers each with one {@link Answer}. */
export type Request =
  | { readonly type: 'query' | 'command'; readonly name: string; readonly args: readonly unknown[] }
  | { readonly type: 'counters' }
  | { readonly type: 'udp' | 'lan'; readonly fd: number };

/** An error on its way to another thread. */
export interface PlainError {
  readonly message: string;
  readonly stack: string | undefined;
  /** What a `CodecError` has to say. */
  readonly codec: Pick<CodecError, 'field' | 'found' | 'expected'> | null;
  /** The code of a `StartError`. */
  readonly code: string | null;
}

export type Answer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: PlainError };

/** What the request `counters` is answered with. */
export interface WorkerCounters {
  readonly machine: CountersSnapshot;
  readonly loop: LoopCounters;
}

/** What a worker tells unasked. */
export type Notice =
  /** The machine is made and waits for packets. */
  | { readonly type: 'ready' }
  /** The machine cannot be made. */
  | { readonly type: 'refused'; readonly error: PlainError }
  | { readonly type: 'event'; readonly event: TunnelEvent }
  /** The interface was removed. */
  | { readonly type: 'gone' };
