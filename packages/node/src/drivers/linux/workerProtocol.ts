import type { MessagePort } from 'node:worker_threads';
import type { DialectName, Endpoint, InvalidArgumentError, Profile } from '@6bed4/codec';
import type {
  CountersSnapshot,
  PeerOptions,
  RemoteSnapshot,
  RouterOptions,
  TunnelEvent,
  UplinkSnapshot,
} from '@6bed4/tunnel';
import type { OfferedPrefixes } from '../driver.js';
import type { LoopCounters } from './loopCounters.js';
import type { TunFeatures } from './tunFeatures.js';

/** A profile that can go to another thread: functions cannot, but the name of its dialect can. */
export type PlainProfile = Omit<Profile, 'layout' | 'dialect'> & { readonly dialect: DialectName };

/** The part of a profile that can go to another thread. */
export function plainProfile(profile: Profile): PlainProfile {
  const { layout: _, dialect, ...plain } = profile;
  return { ...plain, dialect: dialect.name };
}

/** A peer to be made in a worker. Random numbers come from there. */
export interface PeerPlan {
  readonly kind: 'peer';
  readonly profile: PlainProfile;
  readonly options: Omit<PeerOptions, 'profile' | 'random'>;
}

/** A router to be made in a worker. Random numbers come from there. */
export interface RouterPlan {
  readonly kind: 'router';
  readonly profile: PlainProfile;
  readonly options: Omit<RouterOptions, 'profile' | 'random'>;
}

export type MachinePlan = PeerPlan | RouterPlan;

/** Everything that a worker needs when it starts. */
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

/** A call of a peer; see the methods of `PeerDriver`. */
export type PeerRequest =
  | { readonly type: 'uplinks' | 'searchesLan' | 'start' | 'stop' | 'solicit' | 'remotes' }
  | { readonly type: 'addRouter' | 'removeRouter'; readonly router: Endpoint | string }
  | { readonly type: 'setRouters'; readonly routers: readonly Endpoint[] }
  | { readonly type: 'setLocalSubnets'; readonly subnets: readonly string[] }
  | { readonly type: 'sendOpportunistic'; readonly packet: Uint8Array }
  | { readonly type: 'reportReply'; readonly number: number };

/** A call of a router; see the methods of `RouterDriver`. */
export type RouterRequest =
  | { readonly type: 'address' | 'prefix' }
  | { readonly type: 'setRoutes'; readonly routes: OfferedPrefixes };

/** A call of the loop itself. */
export type LoopRequest =
  | { readonly type: 'counters' }
  /** Takes another UDP socket, or one more for what is sent to all hosts on the local network. */
  | { readonly type: 'udp' | 'lan'; readonly fd: number };

/** A call of a worker, which gives one {@link Answer} to each. */
export type Request = PeerRequest | RouterRequest | LoopRequest;

/** The result of each {@link Request}, by its type. */
export interface Results {
  readonly uplinks: readonly UplinkSnapshot[];
  readonly searchesLan: boolean;
  readonly start: null;
  readonly stop: null;
  readonly solicit: null;
  readonly setLocalSubnets: null;
  readonly remotes: readonly RemoteSnapshot[];
  readonly addRouter: null;
  readonly setRouters: null;
  readonly removeRouter: boolean;
  readonly sendOpportunistic: number;
  readonly reportReply: boolean;
  readonly address: string;
  readonly prefix: string;
  readonly setRoutes: null;
  readonly counters: WorkerCounters;
  readonly udp: null;
  readonly lan: null;
}

/** The result of any request. */
export type Result = Results[Request['type']];

/** An error on its way to another thread. */
export interface PlainError {
  readonly message: string;
  readonly stack: string | undefined;
  /** The fields of a `InvalidArgumentError`. */
  readonly argument: Pick<InvalidArgumentError, 'field' | 'found' | 'expected'> | null;
  /** The code of a `StartError`. */
  readonly code: string | null;
}

/** A request on its way to a worker; its number tells its answer from late answers to earlier ones. */
export interface NumberedRequest {
  readonly id: number;
  readonly request: Request;
}

export type Answer =
  | { readonly ok: true; readonly value: Result }
  | { readonly ok: false; readonly error: PlainError };

/** The answer to the request of the same number. */
export interface NumberedAnswer {
  readonly id: number;
  readonly answer: Answer;
}

/** The counters of a machine and of the loop around it. */
export interface WorkerCounters {
  readonly machine: CountersSnapshot;
  readonly loop: LoopCounters;
}

/** A message of a worker that answers no request. */
export type Notice =
  /** The machine is made and waits for packets. */
  | { readonly type: 'ready' }
  /** The machine cannot be made. */
  | { readonly type: 'refused'; readonly error: PlainError }
  | { readonly type: 'event'; readonly event: TunnelEvent }
  /** The interface was removed. */
  | { readonly type: 'gone' };
