import { UserAgent } from 'sip.js';
import { createMedia } from './media.mjs';
import { UdpTransport } from './transport.mjs';

/**
 * A SIP user agent at an IPv6 address, which takes every call.
 *
 * @param createSocket makes UDP sockets at that address: a tunnel's, or that of `node:dgram`
 * @param trace is told of all SIP messages
 * @param report is told at the end of each call what was heard
 */
export function createPhone({ user, address, createSocket, trace, report }) {
  // What cannot be sent is lost, as on the way.
  const open = () => createSocket('udp6').on('error', () => {});
  return new UserAgent({
    uri: UserAgent.makeURI(`sip:${user}@[${address}]`),
    viaHost: `[${address}]`,
    contactName: user,
    contactParams: {},
    transportConstructor: UdpTransport,
    transportOptions: { socket: open(), trace },
    sessionDescriptionHandlerFactory: () => createMedia(open(), address, report),
    delegate: { onInvite: (invitation) => invitation.accept().catch(() => {}) },
    logBuiltinEnabled: false,
  });
}
