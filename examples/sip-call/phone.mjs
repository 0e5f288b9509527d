import { UserAgent } from 'sip.js';
import { createMedia } from './media.mjs';
import { UdpTransport } from './transport.mjs';

/**
 * A SIP user agent at an IPv6 address.
 *
 * @param createSocket makes UDP sockets at that address: a tunnel's, or that of `node:dgram`
 * @param onInvite what to do when somebody calls
 * @param trace is told of all SIP messages
 */
export function createPhone({ user, address, createSocket, onInvite, trace }) {
  return new UserAgent({
    uri: UserAgent.makeURI(`sip:${user}@[${address}]`),
    viaHost: `[${address}]`,
    contactName: user,
    contactParams: {},
    transportConstructor: UdpTransport,
    transportOptions: { socket: createSocket('udp6'), trace },
    sessionDescriptionHandlerFactory: () => createMedia(createSocket('udp6'), address),
    delegate: { onInvite },
    logBuiltinEnabled: false,
  });
}
