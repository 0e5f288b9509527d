import { IFF_UP, RTM_NEWLINK } from './constants.js';
import { LITTLE_ENDIAN } from './native.js';

/*
 * struct nlmsghdr (netlink(7))            struct ifinfomsg, after it (rtnetlink(7))
 *
 *   0   length (32 bits)                    16  family (8 bits), padding
 *   4   type (16 bits)                      18  kind of hardware (16 bits)
 *   6   flags (16 bits)                     20  interface index (32 bits)
 *   8   sequence number (32 bits)           24  flags (32 bits)
 *   12  port (32 bits)                      28  which flags changed (32 bits)
 */
const HEADER_SIZE = 16;
const TYPE = 4;
const LINK_INDEX = 20;
const LINK_FLAGS = 24;
const LINK_END = 32;

/**
 * Reads the state of one interface from netlink messages.
 *
 * @param length - bytes of messages
 * @param index - the kernel's number of the interface
 * @returns for each RTM_NEWLINK about it, in order, whether it is up
 */
export function readLinkStates(view: DataView, length: number, index: number): boolean[] {
  const states: boolean[] = [];
  for (let at = 0; at + HEADER_SIZE <= length; ) {
    const size = view.getUint32(at, LITTLE_ENDIAN);
    if (size < HEADER_SIZE || at + size > length) break;
    if (
      view.getUint16(at + TYPE, LITTLE_ENDIAN) === RTM_NEWLINK &&
      size >= LINK_END &&
      view.getInt32(at + LINK_INDEX, LITTLE_ENDIAN) === index
    ) {
      states.push((view.getUint32(at + LINK_FLAGS, LITTLE_ENDIAN) & IFF_UP) !== 0);
    }
    at += (size + 3) & ~3;
  }
  return states;
}
