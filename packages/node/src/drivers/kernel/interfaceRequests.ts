import type { Prefix } from '@6bed4/codec';
import { LITTLE_ENDIAN, viewOf } from './native.js';

/*
 * struct ifreq (netdevice(7))
 *
 *   0   name, IFNAMSIZ bytes
 *   16  a union of 24 bytes (16 on 32-bit machines): flags (16 bits), MTU or index (32 bits)
 */
const IFREQ_SIZE = 40;
const IFREQ_VALUE = 16;

/*
 * struct in6_ifreq (linux/ipv6.h)
 *
 *   0   address
 *   16  prefix length (32 bits)
 *   20  interface index (32 bits)
 */
const IN6_IFREQ_SIZE = 24;
const IN6_IFREQ_PREFIX_LENGTH = 16;
const IN6_IFREQ_INDEX = 20;

/** Makes a `struct ifreq` about the interface of this name. */
export function interfaceRequest(name: string): Uint8Array {
  const request = new Uint8Array(IFREQ_SIZE);
  request.set(new TextEncoder().encode(name));
  return request;
}

/** As {@link interfaceRequest}, with interface flags. */
export function flagsRequest(name: string, flags: number): Uint8Array {
  const request = interfaceRequest(name);
  viewOf(request).setUint16(IFREQ_VALUE, flags, LITTLE_ENDIAN);
  return request;
}

/** As {@link interfaceRequest}, with an MTU. */
export function mtuRequest(name: string, mtu: number): Uint8Array {
  const request = interfaceRequest(name);
  viewOf(request).setInt32(IFREQ_VALUE, mtu, LITTLE_ENDIAN);
  return request;
}

/** Makes a `struct ifreq` about the interface with this index, whose name is asked for. */
export function indexRequest(interfaceIndex: number): Uint8Array {
  const request = new Uint8Array(IFREQ_SIZE);
  viewOf(request).setInt32(IFREQ_VALUE, interfaceIndex, LITTLE_ENDIAN);
  return request;
}

/** The number that the kernel has written into a `struct ifreq`. */
export function requestedValue(request: Uint8Array): number {
  return viewOf(request).getInt32(IFREQ_VALUE, LITTLE_ENDIAN);
}

/** Makes a `struct in6_ifreq`: an address with its on-link prefix length. */
export function addressRequest({ bytes, length }: Prefix, interfaceIndex: number): Uint8Array {
  const request = new Uint8Array(IN6_IFREQ_SIZE);
  const view = viewOf(request);
  request.set(bytes);
  view.setUint32(IN6_IFREQ_PREFIX_LENGTH, length, LITTLE_ENDIAN);
  view.setInt32(IN6_IFREQ_INDEX, interfaceIndex, LITTLE_ENDIAN);
  return request;
}
