import { IFF_UP, RTM_NEWLINK } from './constants.js';
import { LITTLE_ENDIAN } from './native.js';
import { readMessages } from './netlinkMessages.js';

/*
 * struct ifinfomsg (rtnetlink(7))
 *
 *   0   family (8 bits), padding
 *   2   kind of hardware (16 bits)
 *   4   interface index (32 bits)
 *   8   flags (32 bits)
 *   12  which flags changed (32 bits)
 */
const BODY_SIZE = 16;
const INDEX = 4;
const FLAGS = 8;

/**
 * Reads the state of one interface from netlink messages.
 *
 * @param length - bytes of messages
 * @param index - the kernel's number of the interface
 * @returns for each RTM_NEWLINK about it, in order, whether it is up
 */
export function readLinkStates(view: DataView, length: number, index: number): boolean[] {
  return readMessages(view, length)
    .filter(
      ({ type, body, end }) =>
        type === RTM_NEWLINK &&
        end - body >= BODY_SIZE &&
        view.getInt32(body + INDEX, LITTLE_ENDIAN) === index,
    )
    .map(({ body }) => (view.getUint32(body + FLAGS, LITTLE_ENDIAN) & IFF_UP) !== 0);
}
