import type { PeeringName } from '@6bed4/tunnel';
import {
  type AccessPath,
  hasEndpointIndependentFiltering,
  hasEndpointIndependentMapping,
  remembersUnasked,
} from './accessPath.js';

/** The path that packets from one peer to another must take. */
export interface Prediction {
  readonly path: 'direct' | 'relayed';
  /** The reason; one of a few fixed sentences. */
  readonly reason: string;
}

/** The search of two peers for a direct path. */
export interface PeeringScenario {
  /** The strategy of both. */
  readonly strategy: PeeringName;
  /** Whether the receiver also sends, if only answers. */
  readonly receiverSends: boolean;
  /**
   * With Probe and Seen: whether the sender's packets go direct on trial, are longer than the correction
   * that they may get, and allow their source to be adapted (draft-04 §7.1, §7.7, §7.8). Default false.
   */
  readonly adaptsSource?: boolean;
}

/**
 * Predicts whether packets from one peer to another, on different public IPv4 addresses, take the direct
 * path once both have tried.
 *
 * The address of a peer contains its endpoint as the router sees it. All else follows from two
 * conditions:
 *
 * - A direct frame is accepted only from the endpoint that its IPv6 source contains (draft-03 §6). So
 *   remotes must see a sender at the endpoint that its router sees: its mapping must be
 *   endpoint-independent. Frames of a peer behind a symmetric NAT come from another endpoint, and are
 *   refused.
 * - The frame must pass the filters in front of the receiver. It does when these are
 *   endpoint-independent, or when the receiver itself sends, from the endpoint in its address, to the
 *   sender's.
 *
 * Neighbor Discovery (draft-03 §8.2) confirms a path by an advertisement from the very endpoint that was
 * solicited: so the mapping of the receiver, too, must be endpoint-independent. With Probe and Seen
 * (draft-04 §7.3) the confirmation is a flag that may come through the router: there only the sender's
 * must be. And there a sender may put the endpoint into its source that the receiver sees, when the
 * receiver can report it: its correction must come back from the endpoint that was sent to.
 */
export function predictPath(
  from: AccessPath,
  to: AccessPath,
  scenario: PeeringScenario,
): Prediction {
  const { strategy, receiverSends } = scenario;
  if (strategy === 'via-router') return relayed('the strategy has no direct paths');
  if (from.routersOnly === true || to.routersOnly === true) {
    return relayed('UDP passes to routers only');
  }
  if (!hasEndpointIndependentMapping(from)) {
    const adapts = strategy === 'probe-and-seen' && scenario.adaptsSource === true && receiverSends;
    if (adapts && hasEndpointIndependentFiltering(to) && hasEndpointIndependentMapping(to)) {
      return {
        path: 'direct',
        reason: 'the receiver reports the endpoint of the sender, which adapts its source',
      };
    }
    return relayed("the sender's frames come from another endpoint than the one in its address");
  }
  if (strategy === 'neighbor-discovery' && !hasEndpointIndependentMapping(to)) {
    return relayed(
      "the receiver's advertisements come from another endpoint than the one solicited",
    );
  }
  if (strategy === 'probe-and-seen' && !receiverSends) {
    return relayed('the receiver sends nothing that could carry the Seen flag');
  }
  if (scenario.adaptsSource === true && remembersUnasked(to)) {
    return relayed('what is sent on trial makes the NAT of the receiver map it to another port');
  }
  if (hasEndpointIndependentFiltering(to)) {
    return { path: 'direct', reason: 'the filter of the receiver is endpoint-independent' };
  }
  if (!hasEndpointIndependentMapping(to)) {
    return relayed(
      'what the receiver sends opens its filter at another endpoint than the one in its address',
    );
  }
  if (!receiverSends) return relayed('the receiver sends nothing that would open its filter');
  return { path: 'direct', reason: 'what the receiver sends opens its filter' };
}

function relayed(reason: string): Prediction {
  return { path: 'relayed', reason };
}
