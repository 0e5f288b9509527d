import { Policy, type PolicyCode, type PolicyName } from './trafficClassPolicy.js';

/**
 * The effect of an opportunistic send with a strategy.
 *
 * - `confirming`: it goes directly, and its reply confirms the path (draft-03 §8.7).
 * - `presumptuous`: the presumptuous policy has the effect, and the remote's Seen flag confirms the path
 *   (draft-04 §6).
 * - `none`: there are no direct paths.
 */
export type OpportunisticSends = 'confirming' | 'presumptuous' | 'none';

/** Requests of a packet's sender about its path, beside the packet. */
export interface SendIntent {
  /** The policy requested, or null for that of the packet itself. */
  readonly policy: PolicyCode | null;
  /**
   * Whether the sender will send the packet again if no reply comes, so that it may go directly even
   * where that path is not confirmed (draft-03 §8.7).
   */
  readonly opportunistic: boolean;
}

/** The intent of a packet whose sender requests nothing. */
export const USUAL_SEND: SendIntent = { policy: null, opportunistic: false };

/** The intent of a packet that its sender will send again; see {@link SendIntent.opportunistic}. */
export const OPPORTUNISTIC_SEND: SendIntent = { policy: null, opportunistic: true };

/** The intents with a policy, made once so that a packet costs no allocation. */
export const POLICY_SENDS: Readonly<Record<PolicyName, SendIntent>> = {
  proper: { policy: Policy.proper, opportunistic: false },
  prohibited: { policy: Policy.prohibited, opportunistic: false },
  presumptuous: { policy: Policy.presumptuous, opportunistic: false },
  persistent: { policy: Policy.persistent, opportunistic: false },
};
