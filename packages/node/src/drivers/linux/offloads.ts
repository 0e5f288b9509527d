/** The offloads that the Linux driver may use: of UDP sockets, of TUN interfaces. */
export type Offloads = 'none' | 'udp' | 'tun' | 'all';

/** All values of {@link Offloads}. */
export const offloadNames: readonly Offloads[] = ['none', 'udp', 'tun', 'all'];

/** Whether UDP_SEGMENT and UDP_GRO may be used. */
export function usesUdp(offloads: Offloads): boolean {
  return offloads === 'udp' || offloads === 'all';
}

/** Whether IFF_VNET_HDR may be used: packets pass the interface before segmentation. */
export function usesTun(offloads: Offloads): boolean {
  return offloads === 'tun' || offloads === 'all';
}
