import { UserAgent } from 'sip.js';
import { createMedia } from './media.mjs';
import { UdpTransport } from './transport.mjs';

/**
 * A SIP user agent at an IPv6 address, which accepts every call.
 *
 * @param createSocket creates UDP sockets at that address: of a tunnel, or of `node:dgram`
 * @param trace called with all SIP messages
 * @param report called at the end of each call with the reception report
 * @param t1 time to the first retransmission of SIP, in milliseconds; default 500
 * @param srtp whether calls must have SRTP; otherwise they have it if the caller offers it
 */
export function createPhone({
  user,
  address,
  createSocket,
  trace,
  report,
  t1 = 500,
  srtp = false,
}) {
  // A datagram that cannot be sent counts as lost.
  const open = () => createSocket('udp6').on('error', () => {});
  return new UserAgent({
    uri: UserAgent.makeURI(`sip:${user}@[${address}]`),
    viaHost: `[${address}]`,
    contactName: user,
    contactParams: {},
    transportConstructor: UdpTransport,
    transportOptions: { socket: open(), trace, t1 },
    sessionDescriptionHandlerFactory: () => createMedia(open(), address, report, srtp),
    delegate: { onInvite: (invitation) => invitation.accept().catch(() => {}) },
    logBuiltinEnabled: false,
  });
}
