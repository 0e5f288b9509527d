import type { PolicyName } from '@6bed4/tunnel';
import { invalidValue } from './dgramErrors.js';

export const policyNames: readonly PolicyName[] = [
  'proper',
  'prohibited',
  'presumptuous',
  'persistent',
];

/** @throws ERR_INVALID_ARG_VALUE for anything but a policy */
export function checkPolicy(policy: PolicyName): PolicyName {
  if (policyNames.includes(policy)) return policy;
  throw invalidValue('policy', `one of ${policyNames.join(', ')}`, policy);
}
