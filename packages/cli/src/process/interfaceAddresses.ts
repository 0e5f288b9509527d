import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';

/** All addresses of the interfaces of this computer. */
export function interfaceAddresses(): NetworkInterfaceInfo[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
}
