import { UdpEndpoint } from '@6bed4/codec';
import {
  ANSWER_WINDOW,
  CONFIRMATION_LIFETIME,
  HINT_INTERVAL,
  LAN_SEARCH_INTERVAL,
  MAX_LAN_TRIALS,
  MAX_UNICAST_SOLICIT,
  REACHABLE_TIME,
} from '../defaults.js';
import { ALL_HOSTS_IPV4 } from '../specification.js';
import { DISTANT_PAST } from '../time.js';
import type { NeighborSolicitations } from './neighborSolicitations.js';
import { freshNonce, sameNonce } from './nonce.js';
import type { PeeringHost } from './peering.js';
import type { Remotes } from './remotes.js';

/** Options of a {@link LanSearch}. */
export interface LanSearchOptions {
  /** IPv4 TTL of the search; 0 for none. */
  readonly lanTtl: number;
  /** UDP port of the search. */
  readonly wellKnownPort: number;
}

/** A private endpoint where a remote may be, and our questions there. */
interface Trial {
  readonly addressBits: number;
  readonly port: number;
  readonly startedAt: number;
  /** Whether it answered our search, and did not just solicit us. */
  readonly answersSearch: boolean;
  /** The nonce of the last question. */
  nonce: Uint8Array | null;
  askedAt: number;
  attempts: number;
}

/** What is known about one remote on the local network. */
interface LanState {
  readonly trials: Trial[];
  searchNonce: Uint8Array | null;
  searchedAt: number;
  /** The endpoint that answered a question sent there, and when it last did. */
  proved: { readonly addressBits: number; readonly port: number; readonly at: number } | null;
}

/** No question of ours was answered. */
export const NOT_ANSWERED = -1;

/**
 * The search for remotes on the local network (draft-01 §6.11). A remote whose address has our own
 * public IPv4 address is probably behind the same NAT, which may not do hairpinning. Beside the
 * solicitation to its public endpoint, one goes to 224.0.0.1, and does not leave the local network.
 *
 * A host of our local subnets that answers, or solicits us, is put on trial: it is solicited itself, with
 * a nonce that was sent nowhere else. Only the answer from there, with that nonce, confirms the path, and
 * while it is renewed, no other endpoint is considered. So nobody can claim to be a remote who is not on
 * the local network himself, and sees what is sent to the endpoint that he claims.
 *
 * Endpoints are on trial for ANSWER_WINDOW, MAX_LAN_TRIALS of them at the same time and one for each IPv4
 * address, so that a host that answers nothing does not keep the true one from its turn.
 */
export class LanSearch {
  readonly #host: PeeringHost;
  readonly #remotes: Remotes;
  readonly #solicitations: NeighborSolicitations;
  readonly #ttl: number;
  readonly #allHosts: UdpEndpoint;
  /** By slot; few remotes have our own public address. */
  readonly #states = new Map<number, LanState>();
  readonly #to = new UdpEndpoint();

  constructor(
    host: PeeringHost,
    remotes: Remotes,
    solicitations: NeighborSolicitations,
    options: LanSearchOptions,
  ) {
    this.#host = host;
    this.#remotes = remotes;
    this.#solicitations = solicitations;
    this.#ttl = options.lanTtl;
    this.#allHosts = new UdpEndpoint(ALL_HOSTS_IPV4, options.wellKnownPort);
  }

  /** Knows nothing about a remote: it is new, or gone, or our network changed. */
  forget(slot: number): void {
    this.#states.delete(slot);
  }

  /** Ends all trials, and the proof that there was: nobody answers. */
  giveUp(slot: number): void {
    const state = this.#states.get(slot);
    if (state === undefined) return;
    state.trials.length = 0;
    state.proved = null;
  }

  /** Whether a remote can be at this private endpoint: on our local network, behind our own NAT. */
  canBeAt(slot: number, endpoint: Readonly<UdpEndpoint>): boolean {
    return (
      this.#isSearchable(slot) &&
      this.#host.isOnLocalSubnet(endpoint.addressBits) &&
      this.#host.accepts(endpoint)
    );
  }

  /** Whether this endpoint is on trial, so that packets may come from there already. */
  isOnTrial(slot: number, endpoint: Readonly<UdpEndpoint>, now: number): boolean {
    const state = this.#states.get(slot);
    if (state === undefined) return false;
    return state.trials.some((trial) => isAt(trial, endpoint) && isRunning(trial, now));
  }

  /**
   * A remote solicited us from a private endpoint where it can be. As nothing shows yet that the endpoint
   * is its own, each such message causes one of ours at most: the answer where we asked there before, or
   * are searching the remote ourselves, and a question otherwise.
   *
   * @returns whether the solicitation is to be answered
   */
  solicited(slot: number, from: Readonly<UdpEndpoint>, now: number): boolean {
    const state = this.#stateOf(slot);
    const { proved } = state;
    if (proved !== null && isAt(proved, from)) {
      // One that only ever sends to us would else be forgotten in favor of another.
      if (now - proved.at >= REACHABLE_TIME) this.#tryAt(slot, from, false, now);
      return true;
    }
    const trial = this.#trialAt(state, from, false, now);
    if (trial === null) return false;
    if (now - state.searchedAt <= ANSWER_WINDOW || trial.attempts > 0) return true;
    this.#ask(slot, trial, now);
    return false;
  }

  /** A remote proposes this private endpoint, where it can be. */
  proposed(slot: number, endpoint: Readonly<UdpEndpoint>, now: number): void {
    this.#tryAt(slot, endpoint, false, now);
  }

  /**
   * An advertisement with a nonce came from a private endpoint where its remote can be.
   *
   * @returns the round trip in milliseconds if that proves that the remote is there, or
   * {@link NOT_ANSWERED}
   */
  advertised(slot: number, from: Readonly<UdpEndpoint>, nonce: Uint8Array, now: number): number {
    const state = this.#stateOf(slot);
    const trial = state.trials.find(
      (one) => isAt(one, from) && isRunning(one, now) && sameNonce(one.nonce, nonce),
    );
    if (trial !== undefined) {
      state.proved = { addressBits: from.addressBits, port: from.port, at: now };
      state.trials.length = 0;
      return now - trial.askedAt;
    }
    const isFound = now - state.searchedAt <= ANSWER_WINDOW && sameNonce(state.searchNonce, nonce);
    if (isFound) this.#tryAt(slot, from, true, now);
    return NOT_ANSWERED;
  }

  /**
   * Goes with a solicitation to the public endpoint: asks the endpoints on trial again, or else solicits
   * all hosts.
   */
  search(slot: number, now: number): void {
    if (!this.#isSearchable(slot)) return;
    const state = this.#stateOf(slot);
    const running = state.trials.filter((trial) => isRunning(trial, now));
    for (const trial of running) {
      if (trial.attempts < MAX_UNICAST_SOLICIT) this.#ask(slot, trial, now);
    }
    if (running.length > 0 || now - state.searchedAt < LAN_SEARCH_INTERVAL) return;
    const nonce = freshNonce(this.#host.random);
    if (!this.#solicitations.sendWith(slot, nonce, this.#allHosts, this.#ttl)) return;
    state.searchNonce = nonce;
    state.searchedAt = now;
  }

  /**
   * Asks the endpoint of the path in use again.
   *
   * @param attempt - 1 for the first solicitation of a round
   */
  renew(slot: number, endpoint: Readonly<UdpEndpoint>, attempt: number, now: number): void {
    const { trials } = this.#stateOf(slot);
    let trial = trials.find((one) => isAt(one, endpoint));
    if (attempt === 1 || trial === undefined) {
      trial = newTrial(endpoint, true, now);
      trials.splice(0, trials.length, trial);
    }
    this.#ask(slot, trial, now);
  }

  #isSearchable(slot: number): boolean {
    return (
      this.#ttl > 0 && this.#host.sharesPublicAddress(this.#remotes.paths.encodedAddress(slot))
    );
  }

  #stateOf(slot: number): LanState {
    let state = this.#states.get(slot);
    if (state === undefined) {
      state = { trials: [], searchNonce: null, searchedAt: DISTANT_PAST, proved: null };
      this.#states.set(slot, state);
    }
    return state;
  }

  #tryAt(slot: number, endpoint: Readonly<UdpEndpoint>, answersSearch: boolean, now: number): void {
    const trial = this.#trialAt(this.#stateOf(slot), endpoint, answersSearch, now);
    if (trial !== null) this.#ask(slot, trial, now);
  }

  /** The trial of an endpoint, a new one if need be; null where it has to wait for its turn. */
  #trialAt(
    state: LanState,
    endpoint: Readonly<UdpEndpoint>,
    answersSearch: boolean,
    now: number,
  ): Trial | null {
    const { proved, trials } = state;
    const isHeld = proved !== null && now - proved.at < CONFIRMATION_LIFETIME;
    if (isHeld && !isAt(proved, endpoint)) return null;
    const running = trials.filter((trial) => isRunning(trial, now));
    const same = running.find(({ addressBits }) => addressBits === endpoint.addressBits);
    if (same !== undefined) return same.port === endpoint.port ? same : null;
    if (running.length >= MAX_LAN_TRIALS) {
      // Our search is seen on the local network only; what just solicits may come from anywhere.
      const index = answersSearch ? running.findIndex((trial) => !trial.answersSearch) : -1;
      if (index < 0) return null;
      running.splice(index, 1);
    }
    const trial = newTrial(endpoint, answersSearch, now);
    trials.splice(0, trials.length, ...running, trial);
    return trial;
  }

  #ask(slot: number, trial: Trial, now: number): void {
    // Both sides may search, answer and solicit at once: that must come to rest.
    if (now - trial.askedAt < HINT_INTERVAL) return;
    const nonce = freshNonce(this.#host.random);
    this.#to.address = trial.addressBits;
    this.#to.port = trial.port;
    if (!this.#solicitations.sendWith(slot, nonce, this.#to, 0)) return;
    trial.nonce = nonce;
    trial.askedAt = now;
    trial.attempts++;
  }
}

function newTrial(endpoint: Readonly<UdpEndpoint>, answersSearch: boolean, now: number): Trial {
  return {
    addressBits: endpoint.addressBits,
    port: endpoint.port,
    startedAt: now,
    answersSearch,
    nonce: null,
    askedAt: DISTANT_PAST,
    attempts: 0,
  };
}

function isAt(
  place: { readonly addressBits: number; readonly port: number },
  endpoint: Readonly<UdpEndpoint>,
): boolean {
  return place.addressBits === endpoint.addressBits && place.port === endpoint.port;
}

function isRunning(trial: Trial, now: number): boolean {
  return now - trial.startedAt <= ANSWER_WINDOW;
}
