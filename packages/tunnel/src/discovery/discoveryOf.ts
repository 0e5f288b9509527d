import type { Dialect } from '@6bed4/codec';
import type { Discovery } from './discovery.js';
import { endpointInIdentifier } from './endpointInIdentifier.js';
import { endpointInPrefix } from './endpointInPrefix.js';

/** The discovery of a dialect. */
export function discoveryOf(dialect: Dialect): Discovery {
  return dialect === 'draft01' ? endpointInIdentifier : endpointInPrefix(dialect);
}
