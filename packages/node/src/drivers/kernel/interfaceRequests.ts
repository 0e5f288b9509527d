import { LITTLE_ENDIAN, viewOf } from './native.js';

/*
 * struct ifreq (netdevice(7))
 *
 *   0   name, IFNAMSIZ bytes
 *   16  a union of 24 bytes (16 on 32-bit machines): flags (16 bits) or index (32 bits)
 */
const IFREQ_SIZE = 40;
const IFREQ_VALUE = 16;

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
