import {
  DESTINATION_OFFSET,
  fold,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_OFFSET,
  NEXT_HEADER_TCP,
  PAYLOAD_LENGTH_OFFSET,
  SOURCE_OFFSET,
  sumView,
  TCP_CHECKSUM_OFFSET,
  TCP_CWR,
  TCP_FIN,
  TCP_FLAGS_OFFSET,
  TCP_PSH,
  TCP_SEQUENCE_OFFSET,
  UDP_CHECKSUM_OFFSET,
  UDP_LENGTH_OFFSET,
} from '@6bed4/nd';
import type { Arena } from '../../kernel/arena.js';
import { followsTcp, haveOneHeader, isSuitable } from './alikePackets.js';
import { isUdpCandidate } from './candidates.js';
import type { SegmentWork, WholePacket } from './segmentWork.js';

const TCP = IPV6_HEADER_LENGTH;
const ADDRESSES_LENGTH = 2 * (DESTINATION_OFFSET - SOURCE_OFFSET);
/** The form in which a checksum of zero is sent: UDP reads zero as "none", TCP reads both alike. */
const NEGATIVE_ZERO = 0xffff;

/** {@link SegmentWork} in TypeScript. */
export class ScriptSegmentWork implements SegmentWork {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor({ bytes, view }: Pick<Arena, 'bytes' | 'view'>) {
    this.#bytes = bytes;
    this.#view = view;
  }

  sum(at: number, length: number, initial: number): number {
    return sumView(this.#view, at, length, initial);
  }

  isValid(packet: number, length: number): boolean {
    const upperLength = length - IPV6_HEADER_LENGTH;
    const nextHeader = this.#bytes[packet + NEXT_HEADER_OFFSET]!;
    const pseudo = fold(this.#sumAddresses(packet) + nextHeader + upperLength);
    return sumView(this.#view, packet + IPV6_HEADER_LENGTH, upperLength, pseudo) === 0xffff;
  }

  cut(whole: Readonly<WholePacket>, from: number, to: number, limit: number): number {
    const { packet, headers, size, protocol, end } = whole;
    const pseudo = this.#sumAddresses(packet) + protocol;
    let next = to;
    for (let at = from; at < end; ) {
      const payload = Math.min(end - at, size);
      if (next + headers + payload > limit) break;
      this.#writeSegment(whole, at, payload, next, pseudo);
      at += payload;
      next += headers + payload;
    }
    return next - to;
  }

  alike(at: number, length: number, size: number): number {
    const first = Math.min(size, length);
    if (!isSuitable(this.#view, at, first)) return first;
    let done = first;
    while (done < length) {
      const one = Math.min(size, length - done);
      if (!isSuitable(this.#view, at + done, one)) break;
      if (!haveOneHeader(this.#view, at, at + done)) break;
      done += one;
    }
    return done;
  }

  following(last: number, length: number, size: number): number {
    let done = 0;
    while (done < length) {
      const one = Math.min(size, length - done);
      const at = last + size + done;
      const isTcp = this.#bytes[last + NEXT_HEADER_OFFSET] === NEXT_HEADER_TCP;
      const follows = isTcp
        ? followsTcp(this.#view, last, at, size, one)
        : isUdpCandidate(this.#view, at, one);
      if (!follows || !this.isValid(at, one)) break;
      done += one;
      if (isTcp && (this.#bytes[at + TCP + TCP_FLAGS_OFFSET]! & TCP_PSH) !== 0) break;
    }
    return done;
  }

  #writeSegment(
    whole: Readonly<WholePacket>,
    from: number,
    payload: number,
    to: number,
    pseudo: number,
  ): void {
    const { packet, headers, protocol } = whole;
    const bytes = this.#bytes;
    const view = this.#view;
    bytes.copyWithin(to, packet, packet + headers);
    bytes.copyWithin(to + headers, from, from + payload);
    const length = headers + payload;
    const upper = to + whole.upper;
    const upperLength = length - whole.upper;
    view.setUint16(to + PAYLOAD_LENGTH_OFFSET, length - IPV6_HEADER_LENGTH);
    let field = upper + UDP_CHECKSUM_OFFSET;
    if (protocol === NEXT_HEADER_TCP) {
      field = upper + TCP_CHECKSUM_OFFSET;
      this.#writeTcp(whole, from, payload, upper);
    } else {
      view.setUint16(upper + UDP_LENGTH_OFFSET, upperLength);
    }
    view.setUint16(field, 0);
    const sum = sumView(view, upper, upperLength, pseudo + upperLength);
    view.setUint16(field, sum === 0xffff ? NEGATIVE_ZERO : ~sum & 0xffff);
  }

  #writeTcp(
    { packet, headers, end }: Readonly<WholePacket>,
    from: number,
    payload: number,
    tcp: number,
  ): void {
    const view = this.#view;
    const done = from - packet - headers;
    let flags = this.#bytes[tcp + TCP_FLAGS_OFFSET]!;
    if (from + payload < end) flags &= ~(TCP_FIN | TCP_PSH);
    // Congestion Window Reduced is set once (RFC 3168 §6.1.2).
    if (done > 0) flags &= ~TCP_CWR;
    this.#bytes[tcp + TCP_FLAGS_OFFSET] = flags;
    const sequence = view.getInt32(tcp + TCP_SEQUENCE_OFFSET);
    view.setInt32(tcp + TCP_SEQUENCE_OFFSET, (sequence + done) | 0);
  }

  #sumAddresses(packet: number): number {
    return sumView(this.#view, packet + SOURCE_OFFSET, ADDRESSES_LENGTH);
  }
}
