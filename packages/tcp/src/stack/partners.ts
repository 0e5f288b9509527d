import { isIPv6Multicast, isIPv6Unspecified, sameIPv6Address } from '@6bed4/codec';
import { DESTINATION_OFFSET, SOURCE_OFFSET } from '@6bed4/nd';
import type { Segment } from '../segment/segment.js';

/** Whether no host can have an address (RFC 9293 §3.10.1, MUST-46, MUST-57). */
export function isNobody(bytes: Uint8Array, offset: number): boolean {
  return isIPv6Multicast(bytes, offset) || isIPv6Unspecified(bytes, offset);
}

/** Whether a segment comes from somebody else, who can be answered (RFC 9293 §3.10.7, MUST-63). */
export function hasPartners({ bytes, packet, sourcePort, destinationPort }: Segment): boolean {
  const source = packet + SOURCE_OFFSET;
  const destination = packet + DESTINATION_OFFSET;
  if (sourcePort === 0 || destinationPort === 0) return false;
  if (isNobody(bytes, source) || isNobody(bytes, destination)) return false;
  return sourcePort !== destinationPort || !sameIPv6Address(bytes, source, bytes, destination);
}
