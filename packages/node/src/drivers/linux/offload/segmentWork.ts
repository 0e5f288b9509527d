/** A packet before segmentation (GSO); offsets in the arena, lengths in bytes. */
export interface WholePacket {
  /** Offset of the IPv6 header. */
  packet: number;
  /** Length of what precedes the TCP or UDP header. */
  upper: number;
  /** Length of all headers. */
  headers: number;
  /** Payload of each segment but the last. */
  size: number;
  /** Next header value of TCP or UDP. */
  protocol: number;
  /** Offset behind the last byte. */
  end: number;
}

/**
 * Work on all bytes of packets in an arena, where most time goes. Its two forms do the same:
 * `SimdSegmentWork` in WebAssembly, `ScriptSegmentWork` in TypeScript where that is missing. Nothing is
 * checked: packets must lie in the arena.
 */
export interface SegmentWork {
  /**
   * Adds bytes to a ones-complement sum (RFC 1071 §2).
   *
   * @param length - up to 131,072; an odd last byte counts as the high byte of a word
   * @param initial - sum so far, 0..2^31 − 1; of an even number of bytes
   * @returns a sum of 16 bits; 0 only if all is 0
   */
  sum(at: number, length: number, initial: number): number;

  /** Whether TCP or UDP right behind the IPv6 header has the right checksum (RFC 8200 §8.1). */
  isValid(packet: number, length: number): boolean;

  /**
   * Writes the segments of a packet one behind the other, each with its own lengths, sequence number, flags and
   * checksum.
   *
   * @param from - offset of the first byte of payload to go
   * @param to - where the first of these segments goes; must not overlap the packet
   * @param limit - offset that none of them crosses
   * @returns bytes written: as many whole segments as have room
   */
  cut(whole: Readonly<WholePacket>, from: number, to: number, limit: number): number;

  /**
   * Finds the packets at the start of several that a `RunMachine` takes as one run: IPv6 packets whose headers are
   * the same but for the payload length, which fits, with the same ports of UDP or of TCP without SYN and RST.
   *
   * @param length - bytes of all together
   * @param size - bytes of each but the last, which may be shorter
   * @returns bytes of them together; those of the first if it is alone
   */
  alike(at: number, length: number, size: number): number;

  /**
   * Finds the packets behind one that the kernel may take together with it, after {@link alike}. All that
   * `Coalescer` demands holds between it and each of them, and their checksums are right. PSH or a shorter packet
   * is the last.
   *
   * @param last - offset of that packet, of `size` bytes, without PSH; its own checksum is not looked at
   * @param length - bytes of those behind it
   * @returns bytes of them together, or 0
   */
  following(last: number, length: number, size: number): number;
}
