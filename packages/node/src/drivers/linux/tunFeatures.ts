/** What a TUN interface was found or told to do. */
export interface TunFeatures {
  /** Every packet is preceded by a `struct virtio_net_hdr`, so that long ones can pass. */
  readonly virtioHeader: boolean;
  /** Long UDP packets pass as well. */
  readonly udpSegmentation: boolean;
}
