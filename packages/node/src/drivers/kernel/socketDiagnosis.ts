import type { Prefix } from '@6bed4/codec';
import {
  AF_INET6,
  INET_DIAG_BC_S_COND,
  INET_DIAG_REQ_BYTECODE,
  IPPROTO_TCP,
  NETLINK_SOCK_DIAG,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  SOCK_DESTROY,
  SOCK_DIAG_BY_FAMILY,
} from './constants.js';
import type { Libc } from './libc.js';
import { LITTLE_ENDIAN, viewOf } from './native.js';
import { netlinkMessage } from './netlinkMessages.js';
import { Rtnetlink } from './rtnetlink.js';

/*
 * struct inet_diag_req_v2 (sock_diag(7))      struct inet_diag_msg
 *
 *   0   family                                  0   family
 *   1   protocol                                1   state
 *   4   states (32 bits)                        4   identity of the socket
 *   8   identity of the socket
 *
 * The identity has a fixed size on all of them, and is only copied.
 */
const REQUEST_SIZE = 56;
const REQUEST_PROTOCOL = 1;
const REQUEST_STATES = 4;
const REQUEST_IDENTITY = 8;
const ANSWER_IDENTITY = 4;
const IDENTITY_SIZE = 48;

/** Bits of the states of connections that are there: not listening, over, or waiting to be forgotten. */
const CONNECTED_STATES = 0xfff & ~((1 << 6) | (1 << 7) | (1 << 10));

/*
 * struct inet_diag_bc_op, and then struct inet_diag_hostcond (linux/inet_diag.h)
 *
 *   0   code
 *   1   where to go on if it holds, beyond the end for success
 *   2   the same if it does not, further beyond the end for failure (16 bits)
 *   4   family
 *   5   length of the prefix
 *   8   port, -1 for any (32 bits)
 *   12  address
 */
const FILTER_SIZE = 28;

/**
 * Ends the TCP connections of this computer from addresses within a prefix: their programs see ECONNABORTED at
 * once instead of waiting for answers to an address that is gone. Does nothing where the kernel cannot do
 * that (CONFIG_INET_DIAG_DESTROY), or does not permit it.
 *
 * @returns how many were ended
 */
export function endConnectionsFrom(libc: Libc, source: Prefix): number {
  const netlink = new Rtnetlink(libc, NETLINK_SOCK_DIAG);
  try {
    const identities: Uint8Array[] = [];
    netlink.request(listMessage(source), ({ view, body, end }) => {
      const at = body + ANSWER_IDENTITY;
      if (at + IDENTITY_SIZE > end) return;
      identities.push(new Uint8Array(view.buffer, view.byteOffset + at, IDENTITY_SIZE).slice());
    });
    return identities.filter((one) => netlink.request(endMessage(one)) === null).length;
  } finally {
    netlink.close();
  }
}

function listMessage(source: Prefix): Uint8Array {
  const filter = new Uint8Array(FILTER_SIZE);
  filter.set([INET_DIAG_BC_S_COND, FILTER_SIZE]);
  viewOf(filter).setUint16(2, FILTER_SIZE + 4, LITTLE_ENDIAN);
  filter.set([AF_INET6, source.length], 4);
  viewOf(filter).setInt32(8, -1, LITTLE_ENDIAN);
  filter.set(source.bytes, 12);
  const body = requestBody();
  viewOf(body).setUint32(REQUEST_STATES, CONNECTED_STATES, LITTLE_ENDIAN);
  return netlinkMessage(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, body, [
    [INET_DIAG_REQ_BYTECODE, filter],
  ]);
}

function endMessage(identity: Uint8Array): Uint8Array {
  const body = requestBody();
  body.set(identity, REQUEST_IDENTITY);
  return netlinkMessage(SOCK_DESTROY, NLM_F_REQUEST | NLM_F_ACK, body, []);
}

function requestBody(): Uint8Array {
  const body = new Uint8Array(REQUEST_SIZE);
  body[0] = AF_INET6;
  body[REQUEST_PROTOCOL] = IPPROTO_TCP;
  return body;
}
