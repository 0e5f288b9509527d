/** The native module of a TUN interface in memory. */
export const SixBed4Tun = {
  /** Addresses that the interface was given. */
  addresses: [] as string[],
  /** Batches that were written to it. */
  written: [] as string[],
  isRefused: false,
  async start(address: string): Promise<void> {
    if (SixBed4Tun.isRefused) throw new Error('not allowed by the user');
    SixBed4Tun.addresses.push(address);
  },
  stop(): void {
    SixBed4Tun.addresses.length = 0;
  },
  write(packets: string): void {
    SixBed4Tun.written.push(packets);
  },
};
