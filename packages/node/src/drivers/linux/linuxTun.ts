import { TUNNEL_MTU } from '@6bed4/tunnel';
import {
  GSO_MAX_SEGS,
  IFF_MULTI_QUEUE,
  IFF_VNET_HDR,
  TUN_F_CSUM,
  TUN_F_TSO_ECN,
  TUN_F_TSO6,
  TUN_F_USO4,
  TUN_F_USO6,
  TUNSETOFFLOAD,
  TUNSETVNETHDRSZ,
} from '../kernel/constants.js';
import type { Libc } from '../kernel/libc.js';
import { queueLengthMessage, segmentLimitMessage } from '../kernel/linkMessages.js';
import { int32Bytes } from '../kernel/native.js';
import { Rtnetlink } from '../kernel/rtnetlink.js';
import { VIRTIO_HEADER_LENGTH } from '../kernel/virtioHeader.js';
import { openFurtherQueue, openQueue } from '../tun/tunDevice.js';
import { MAX_PAYLOAD } from './sendBatch.js';
import type { TunFeatures } from './tunFeatures.js';

const TCP_OFFLOADS = TUN_F_CSUM | TUN_F_TSO6 | TUN_F_TSO_ECN;
/** The kernel accepts the two only together. */
const UDP_OFFLOADS = TUN_F_USO4 | TUN_F_USO6;
/** Upper bound of segments of one packet, so that one message of UDP_SEGMENT carries them all. */
const MOST_SEGMENTS = Math.floor(MAX_PAYLOAD / TUNNEL_MTU);

/**
 * Packets before segmentation that the queue of an interface holds, as of other kinds of interfaces. In the 500 of
 * TUN, the data and acknowledgments of 64 connections in both directions have no room, and some of these starve.
 */
const QUEUE_LENGTH = 1000;

/** A TUN interface for `PacketLoop`s, by its descriptors: one for each queue (IFF_MULTI_QUEUE). */
export class LinuxTun {
  readonly name: string;
  /** Whether the kernel removes the interface when it is closed. */
  readonly created: boolean;
  readonly features: TunFeatures;
  readonly #libc: Libc;
  #queues: number[];

  private constructor(
    libc: Libc,
    name: string,
    created: boolean,
    features: TunFeatures,
    queues: number[],
  ) {
    this.#libc = libc;
    this.name = name;
    this.created = created;
    this.features = features;
    this.#queues = queues;
  }

  /**
   * Creates an interface, or attaches to one that was prepared.
   *
   * @param queues - the number wanted; an interface that was prepared without IFF_MULTI_QUEUE has one
   * @param offloads - whether to use IFF_VNET_HDR, so that packets before segmentation pass
   * @throws InvalidArgumentError for a name that no interface can have
   * @throws StartError when it is taken, or not allowed, or there is no TUN driver
   */
  static open(libc: Libc, name: string, queues: number, offloads: boolean): LinuxTun {
    const wanted = (queues > 1 ? IFF_MULTI_QUEUE : 0) | (offloads ? IFF_VNET_HDR : 0);
    const { fd, created, flags } = openQueue(libc, name, wanted);
    const descriptors = [fd];
    try {
      while ((flags & IFF_MULTI_QUEUE) !== 0 && descriptors.length < queues) {
        descriptors.push(openFurtherQueue(libc, name, flags));
      }
      const features = offloads ? enableOffloads(libc, descriptors) : NONE;
      configure(libc, [
        ...(created ? [queueLengthMessage(name, QUEUE_LENGTH)] : []),
        ...(features.virtioHeader ? [segmentLimitMessage(name, MOST_SEGMENTS)] : []),
      ]);
      return new LinuxTun(libc, name, created, features, descriptors);
    } catch (error) {
      for (const one of descriptors) libc.close(one);
      throw error;
    }
  }

  /** The descriptors. */
  get queues(): readonly number[] {
    return this.#queues;
  }

  /** Closes the descriptors, when nobody uses them any more. */
  close(): void {
    const [first] = this.#queues;
    // The next user of a prepared interface may not support offloads.
    if (first !== undefined && !this.created && this.features.virtioHeader) {
      this.#libc.ioctlValue(first, TUNSETOFFLOAD, 0);
      configure(this.#libc, [segmentLimitMessage(this.name, GSO_MAX_SEGS)]);
    }
    for (const fd of this.#queues) this.#libc.close(fd);
    this.#queues = [];
  }
}

const NONE: TunFeatures = { virtioHeader: false, udpSegmentation: false };

/** Changes an interface by messages of rtnetlink(7); what the kernel does not know, or not allow, stays. */
function configure(libc: Libc, messages: readonly Uint8Array[]): void {
  const netlink = new Rtnetlink(libc);
  for (const message of messages) netlink.request(message);
  netlink.close();
}

function enableOffloads(libc: Libc, descriptors: readonly number[]): TunFeatures {
  const size = int32Bytes(VIRTIO_HEADER_LENGTH);
  for (const fd of descriptors) libc.ioctl(fd, TUNSETVNETHDRSZ, size);
  const all = (offloads: number): boolean =>
    descriptors.every((fd) => libc.ioctlValue(fd, TUNSETOFFLOAD, offloads) === 0);
  // TUN_F_USO4 and TUN_F_USO6 need Linux 6.2.
  if (all(TCP_OFFLOADS | UDP_OFFLOADS)) return { virtioHeader: true, udpSegmentation: true };
  if (!all(TCP_OFFLOADS)) all(0);
  return { virtioHeader: true, udpSegmentation: false };
}
