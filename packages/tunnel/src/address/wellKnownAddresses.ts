import { IPV6_ADDRESS_BYTES } from '@6bed4/codec';

function linkLocalMulticast(group: number): Uint8Array {
  const address = new Uint8Array(IPV6_ADDRESS_BYTES);
  address[0] = 0xff;
  address[1] = 0x02;
  address[15] = group;
  return address;
}

/** ff02::1, all nodes on the link (RFC 4291 §2.7.1). */
export const ALL_NODES: Uint8Array = linkLocalMulticast(1);

/** ff02::2, all routers on the link (RFC 4291 §2.7.1). */
export const ALL_ROUTERS: Uint8Array = linkLocalMulticast(2);

/** `fe80::`, under which every 6bed4 router speaks (draft-01 §4; all deployed routers). */
export const ROUTER_LINK_LOCAL: Uint8Array = Uint8Array.of(0xfe, 0x80, ...new Uint8Array(14));

/** `::` (RFC 4291 §2.5.2). */
export const UNSPECIFIED: Uint8Array = new Uint8Array(IPV6_ADDRESS_BYTES);
