/**
 * Offsets of fields in the structures of `recvmmsg` and `sendmmsg`. They differ between 64-bit and
 * 32-bit machines, but not between C libraries as far as they are used here.
 *
 * ```
 * struct mmsghdr                 64-bit  32-bit     struct iovec         64-bit  32-bit
 *   msg_hdr.msg_name                  0       0       iov_base                0       0
 *   msg_hdr.msg_namelen               8       4       iov_len                 8       4
 *   msg_hdr.msg_iov                  16       8       (size)                 16       8
 *   msg_hdr.msg_iovlen               24      12
 *   msg_hdr.msg_control              32      16     struct cmsghdr
 *   msg_hdr.msg_controllen           40      20       cmsg_len                0       0
 *   msg_hdr.msg_flags                48      24       cmsg_level              8       4
 *   msg_len                          56      28       cmsg_type              12       8
 *   (size)                           64      32       (data)                 16      12
 * ```
 */
export interface MessageLayout {
  readonly name: number;
  readonly nameLength: number;
  readonly vectors: number;
  readonly vectorCount: number;
  readonly control: number;
  readonly controlLength: number;
  readonly flags: number;
  /** `msg_len`: bytes received or sent, in the part that `recvmmsg` and `sendmmsg` add. */
  readonly length: number;
  readonly messageSize: number;

  readonly vectorLength: number;
  readonly vectorSize: number;

  readonly controlLevel: number;
  readonly controlType: number;
  readonly controlData: number;
  /** Control messages begin at multiples of this. */
  readonly controlAlignment: number;
}

/** The layout for a size of `long`. */
export function messageLayout(longSize: 4 | 8): MessageLayout {
  return {
    name: 0,
    nameLength: longSize,
    vectors: 2 * longSize,
    vectorCount: 3 * longSize,
    control: 4 * longSize,
    controlLength: 5 * longSize,
    flags: 6 * longSize,
    length: 7 * longSize,
    messageSize: 8 * longSize,
    vectorLength: longSize,
    vectorSize: 2 * longSize,
    controlLevel: longSize,
    controlType: longSize + 4,
    controlData: longSize + 8,
    controlAlignment: longSize,
  };
}
