/** What the kernel may do for the Linux driver: work on UDP datagrams, on packets of the interface. */
export type Offloads = 'none' | 'udp' | 'tun' | 'all';

/** All values of {@link Offloads}. */
export const offloadNames: readonly Offloads[] = ['none', 'udp', 'tun', 'all'];

/** Whether datagrams may be sent and received several at a time. */
export function usesUdp(offloads: Offloads): boolean {
  return offloads === 'udp' || offloads === 'all';
}

/** Whether packets may pass the interface joined. */
export function usesTun(offloads: Offloads): boolean {
  return offloads === 'tun' || offloads === 'all';
}
