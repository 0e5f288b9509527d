import { speaksOfPeering } from '../peering/trafficClassPolicy.js';
import { DS_FIELD_MASK } from '../specification.js';

const TRAFFIC_CLASSES = 256;

const dsFields = Uint8Array.from({ length: TRAFFIC_CLASSES }, (_, value) => value & DS_FIELD_MASK);
const besidePeering = dsFields.map((field, value) => (speaksOfPeering(value) ? 0 : field));

/**
 * The IPv4 TOS byte for each traffic class of an IPv6 packet: its DS field (draft-01 §5.2, §6.3). Where
 * that field speaks of peering (draft-04 §6), it says nothing about the treatment of the packet in IPv4,
 * and TOS is 0. The ECN bits stay zero: a driver cannot pass on to the machine the congestion marks of the
 * outer packet, so the outer packet must not invite them (RFC 6040 §4.3, compatibility mode).
 *
 * @param maySpeakOfPeering - whether traffic classes have the meaning of draft-04
 */
export function outerTos(maySpeakOfPeering: boolean): Uint8Array {
  return maySpeakOfPeering ? besidePeering : dsFields;
}
