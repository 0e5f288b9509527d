import { SessionState, UserAgent } from 'sip.js';
import { Media } from './media.mjs';
import { UdpTransport } from './transport.mjs';

/**
 * A SIP user agent at an IPv6 address.
 *
 * @param createSocket makes UDP sockets at that address; a tunnel's, or that of `node:dgram`
 * @param onInvite what to do with a call that comes in
 * @param trace is told of all SIP messages
 */
export function createPhone({ user, address, createSocket, onInvite, trace }) {
  const viaHost = `[${address}]`;
  return new UserAgent({
    uri: UserAgent.makeURI(`sip:${user}@${viaHost}`),
    viaHost,
    contactName: user,
    contactParams: {},
    transportConstructor: UdpTransport,
    transportOptions: { socket: createSocket('udp6'), trace },
    sessionDescriptionHandlerFactory: () => new Media(createSocket('udp6'), address),
    delegate: { onInvite },
    logBuiltinEnabled: false,
  });
}

/** Resolves when a call has reached a state; rejects when it ends without. */
export function reached(session, state) {
  return new Promise((resolve, reject) => {
    const look = (now) => {
      if (now === state) resolve();
      else if (now === SessionState.Terminated) reject(new Error('the call was not answered'));
    };
    session.stateChange.addListener(look);
    look(session.state);
  });
}
