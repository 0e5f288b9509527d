import type { PeeringName } from '@6bed4/tunnel';
import { isOpen, isStable, type Side } from './accessPath.js';

/** What theory says about packets from one peer to another. */
export interface Prediction {
  readonly path: 'direct' | 'relayed';
  /** Why, in words; one of few sentences. */
  readonly reason: string;
}

/** How two peers go about finding a direct path. */
export interface Conduct {
  /** The strategy of both. */
  readonly strategy: PeeringName;
  /** Whether the one that is sent to also sends, be it only answers. */
  readonly answers: boolean;
  /**
   * With Probe and Seen: whether the sender's packets go direct on trial, are longer than the correction
   * that they may get, and allow their source to be adapted (draft-04 §7.1, §7.7, §7.8). Default false.
   */
  readonly adaptive?: boolean;
}

/**
 * Whether packets from one peer to another, on different public IPv4 addresses, must find the direct
 * path once both have tried.
 *
 * The address of a peer spells its endpoint as the router sees it. All else follows from two demands:
 *
 * - A direct frame is accepted only from the endpoint that its IPv6 source spells (draft-03 §6). So a
 *   peer must be seen by its remotes where its router sees it: its mapping must be
 *   endpoint-independent. The frames of a symmetric one come from elsewhere, and are refused.
 * - The frame must pass the filters in front of the receiver. It does when these are
 *   endpoint-independent, or when the receiver itself sends, from its spelled endpoint, to the sender's.
 *
 * Neighbor Discovery (draft-03 §8.2) proves a path by an answer that comes back from the very endpoint
 * that was asked: so the receiver, too, must be seen where its router sees it. With Probe and Seen
 * (draft-04 §7.3) the answer is a flag that may come through the router: there only the sender must.
 * And there a sender may put the endpoint into its source that the receiver sees, when the receiver
 * could tell it so: its correction must come back from the endpoint that was sent to.
 */
export function predictPath(from: Side, to: Side, conduct: Conduct): Prediction {
  const { strategy, answers } = conduct;
  if (strategy === 'via-router') return relayed('the strategy knows no direct paths');
  if (from.routersOnly === true || to.routersOnly === true) {
    return relayed('UDP passes to routers only');
  }
  if (!isStable(from)) {
    const adapts = strategy === 'probe-and-seen' && conduct.adaptive === true && answers;
    if (adapts && isOpen(to) && isStable(to)) {
      return { path: 'direct', reason: 'the receiver says how it sees the sender, which adapts' };
    }
    return relayed("the sender's frames come from another endpoint than its address spells");
  }
  if (strategy === 'neighbor-discovery' && !isStable(to)) {
    return relayed("the receiver's answers come from another endpoint than the one asked");
  }
  if (strategy === 'probe-and-seen' && !answers) {
    return relayed('the receiver sends nothing that could carry the Seen flag');
  }
  if (isOpen(to)) return { path: 'direct', reason: 'the receiver lets everybody in' };
  if (!isStable(to)) {
    return relayed('what the receiver sends opens its filter at another endpoint than it spells');
  }
  if (!answers) return relayed('the receiver sends nothing that would open its filter');
  return { path: 'direct', reason: 'what the receiver sends opens its filter' };
}

function relayed(reason: string): Prediction {
  return { path: 'relayed', reason };
}
