import { AF_INET, AF_NETLINK } from './constants.js';
import { LITTLE_ENDIAN, viewOf } from './native.js';

/*
 * struct sockaddr_in (ip(7))
 *
 *   0   family (16 bits)
 *   2   port (16 bits, high byte first)
 *   4   address (32 bits, high byte first)
 *   8   zeroes
 */
export const SOCKADDR_IN_SIZE = 16;
export const SOCKADDR_IN_PORT = 2;
export const SOCKADDR_IN_ADDRESS = 4;

/*
 * struct sockaddr_nl (netlink(7))
 *
 *   0   family (16 bits), padding
 *   4   port (32 bits)
 *   8   groups (32 bits)
 */
const SOCKADDR_NL_SIZE = 12;
const SOCKADDR_NL_GROUPS = 8;

/**
 * Makes the address of an IPv4 socket.
 *
 * @param address - as a uint32
 */
export function socketAddress(address: number, port: number): Uint8Array {
  const bytes = new Uint8Array(SOCKADDR_IN_SIZE);
  const view = viewOf(bytes);
  view.setUint16(0, AF_INET, LITTLE_ENDIAN);
  view.setUint16(SOCKADDR_IN_PORT, port);
  view.setUint32(SOCKADDR_IN_ADDRESS, address);
  return bytes;
}

/** Makes the address of a netlink socket that receives what is sent to these groups. */
export function netlinkAddress(groups: number): Uint8Array {
  const bytes = new Uint8Array(SOCKADDR_NL_SIZE);
  viewOf(bytes).setUint16(0, AF_NETLINK, LITTLE_ENDIAN);
  viewOf(bytes).setUint32(SOCKADDR_NL_GROUPS, groups, LITTLE_ENDIAN);
  return bytes;
}

/** Makes a `struct ip_mreq` (ip(7)): a multicast group, as a uint32, on any interface. */
export function multicastRequest(group: number): Uint8Array {
  const bytes = new Uint8Array(8);
  viewOf(bytes).setUint32(0, group);
  return bytes;
}
