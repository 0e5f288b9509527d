import type { Socket } from 'node:net';
import { closeGently } from '../relay/closeGently.js';
import { relayTo } from '../relay/relayTo.js';
import { abandoned, type DestinationFault, faultOf } from './destination.js';
import { hostText, type ProxyContext } from './proxyContext.js';
import { SocksHandshake, type SocksRequest } from './socksHandshake.js';
import { Reply, type ReplyCode, replyBytes } from './socksMessages.js';
import type { UdpAssociations } from './udpAssociations.js';

/** The replies of RFC 1928 §6 for what may be the matter with a destination. */
const REPLIES: Readonly<Record<DestinationFault, ReplyCode>> = {
  prohibited: Reply.notAllowed,
  'ipv4-only': Reply.addressTypeNotSupported,
  'not-found': Reply.hostUnreachable,
  'dns-failure': Reply.hostUnreachable,
  refused: Reply.connectionRefused,
  reset: Reply.connectionRefused,
  'host-unreachable': Reply.hostUnreachable,
  'network-unreachable': Reply.networkUnreachable,
  'timed-out': Reply.hostUnreachable,
  abandoned: Reply.generalFailure,
  failed: Reply.generalFailure,
};

/**
 * Serves a client of the SOCKS proxy: a handshake within a deadline, and then a connection to relay, or the datagrams
 * of an association.
 */
export function serveSocks(
  client: Socket,
  context: ProxyContext,
  associations: UdpAssociations,
): void {
  if (!context.connections.add(client)) return;
  const name = hostText(client.remoteAddress ?? '', client.remotePort ?? 0);
  const ended = (to: string | null, outcome: string): void => {
    context.connections.failed(outcome);
    context.onEvent({ client: name, to, outcome });
    closeGently(client);
  };
  const deadline = setTimeout(() => {
    client.off('data', onData);
    ended(null, 'handshake-timeout');
  }, context.handshakeTimeout);
  client.on('error', () => {});
  client.once('close', () => clearTimeout(deadline));
  client.setNoDelay(true);
  const handshake = new SocksHandshake(context.credentials, (bytes) => client.write(bytes));
  const onData = (bytes: Buffer): void => {
    const state = handshake.push(bytes);
    if (state.kind === 'unfinished') return;
    clearTimeout(deadline);
    client.off('data', onData);
    if (state.kind === 'refused') {
      ended(null, state.why);
      return;
    }
    const { request, rest: early } = state;
    const to = hostText(request.host, request.port);
    const serve = request.command === 'connect' ? connect : associate;
    serve({ client, request, early, context, associations }).then(
      () => context.onEvent({ client: name, to, outcome: request.command }),
      (error: unknown) => {
        const fault = faultOf(error);
        if (client.writable) client.write(replyBytes(REPLIES[fault]));
        ended(to, fault);
      },
    );
  };
  client.on('data', onData);
  client.once('end', () => {
    // A client that ends before it has said what it wants wants nothing.
    if (client.listeners('data').includes(onData)) client.end();
  });
}

interface Served {
  readonly client: Socket;
  readonly request: SocksRequest;
  /** Bytes behind the request. */
  readonly early: Buffer;
  readonly context: ProxyContext;
  readonly associations: UdpAssociations;
}

/** Serves CONNECT (RFC 1928 §4). */
function connect({ client, request, early, context }: Served): Promise<void> {
  const { host, port } = request;
  return relayTo({
    client,
    early,
    connect: (signal) => context.dialer.connect(host, port, signal),
    onConnected: ({ localAddress = '::', localPort = 0 }) => {
      client.write(replyBytes(Reply.succeeded, localAddress, localPort));
    },
    abandoned,
    idleTimeout: context.limits.idleTimeout,
  });
}

/** Serves UDP ASSOCIATE (RFC 1928 §4, §7). */
async function associate({ client, request, associations }: Served): Promise<void> {
  const { address, port } = await associations.open(client, request.port);
  client.write(replyBytes(Reply.succeeded, address, port));
  // Nothing more is expected on the connection; its end ends the association.
  client.once('end', () => client.end());
  if (client.readableEnded) client.end();
  client.resume();
}
