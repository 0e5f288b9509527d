/**
 * The life of an uplink, in one table. The picture in docs/architecture.md is made from it, and a
 * test holds both together.
 *
 * Host state variables of RFC 4861 §6.3 are not kept apart: an uplink is one router on a link of its
 * own.
 */
export type UplinkState =
  /** No address, and not soliciting. */
  | 'idle'
  /** Soliciting, without an address. */
  | 'soliciting'
  /** Has an address. */
  | 'leased'
  /** Has an address and solicits, to see whether it still holds. */
  | 'refreshing'
  /** The router sees us at a UDP port that must not be used any more; silent until the driver moves. */
  | 'refused';

/** Events in the life of an uplink. */
export type UplinkInput =
  /** The user starts the peer or adds the router. */
  | 'start'
  /** An acceptable advertisement answered us. */
  | 'advertisement'
  /** An advertisement answered us that flags our UDP port as one not to be used (draft-01 §6.6). */
  | 'refusal'
  /** The wait for an answer is over. */
  | 'silence'
  /** The lease is to be confirmed: it is old, the router contradicts it or is silent, or the network changed. */
  | 'doubt'
  /** The lifetime that the router gave has ended, or the router took the address back. */
  | 'expiry'
  /** The user stops the peer or removes the router. */
  | 'stop';

/** The next state; inputs that are absent change nothing. */
export const uplinkTransitions: Readonly<
  Record<UplinkState, Readonly<Partial<Record<UplinkInput, UplinkState>>>>
> = {
  idle: { start: 'soliciting' },
  soliciting: {
    advertisement: 'leased',
    refusal: 'refused',
    silence: 'soliciting',
    doubt: 'soliciting',
    stop: 'idle',
  },
  leased: {
    advertisement: 'leased',
    refusal: 'refused',
    doubt: 'refreshing',
    expiry: 'soliciting',
    stop: 'idle',
  },
  refreshing: {
    advertisement: 'leased',
    refusal: 'refused',
    silence: 'refreshing',
    doubt: 'refreshing',
    expiry: 'soliciting',
    stop: 'idle',
  },
  refused: {
    doubt: 'soliciting',
    stop: 'idle',
  },
};
