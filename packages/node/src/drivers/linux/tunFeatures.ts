/** The offloads that are enabled on a TUN interface. */
export interface TunFeatures {
  /** IFF_VNET_HDR: a `struct virtio_net_hdr` precedes every packet; TCP passes before segmentation. */
  readonly virtioHeader: boolean;
  /** TUN_F_USO4 and TUN_F_USO6: UDP passes before segmentation as well. */
  readonly udpSegmentation: boolean;
}
