import { hopLimit, setHopLimit } from '@6bed4/nd';
import { Drop, type DropCode } from '../report/drop.js';
import { LEAST_FORWARDED_HOP_LIMIT, TUNNEL_MTU } from '../specification.js';

/**
 * Checks every packet that is put into the tunnel: it has a hop left (RFC 8200 §3) and fits
 * (RFC 8200 §5). Takes the hop. Taking a packet out of the tunnel costs none.
 */
export function refuseTransit(bytes: Uint8Array, offset: number, length: number): DropCode {
  const hops = hopLimit(bytes, offset);
  if (hops < LEAST_FORWARDED_HOP_LIMIT) return Drop.hopLimitExceeded;
  if (length > TUNNEL_MTU) return Drop.tooBig;
  setHopLimit(bytes, offset, hops - 1);
  return Drop.none;
}
