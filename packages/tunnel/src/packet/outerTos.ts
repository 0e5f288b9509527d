import { trafficClass } from '@6bed4/nd';
import { DS_FIELD_MASK } from '../specification.js';

/**
 * The IPv4 TOS byte for an IPv6 packet: its DS field (draft-03 §11). The ECN bits stay zero: a
 * driver cannot pass on to the machine the congestion marks of the outer packet, so the outer packet must
 * not invite them (RFC 6040 §4.3, compatibility mode).
 */
export function tosOf(bytes: Uint8Array, offset: number): number {
  return trafficClass(bytes, offset) & DS_FIELD_MASK;
}
