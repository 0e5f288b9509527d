import { EarlyBytes } from './earlyBytes.js';
import type { Connection } from './network.js';
import { relay } from './relay.js';

/** A connection to make for a client. */
export interface RelayRequest {
  readonly client: Connection;
  /** Bytes behind the request that were read already. */
  readonly early: Buffer;
  /** Makes the connection; stops when the signal aborts, with its reason. */
  readonly connect: (signal: AbortSignal) => Promise<Connection>;
  /** Tells the client that there is one. */
  readonly onConnected: (connection: Connection) => void;
  /** The reason to stop when the client is gone. */
  readonly abandoned: () => Error;
  /** Milliseconds without a byte after which both are reset. */
  readonly idleTimeout: number;
}

/**
 * Makes a connection for a client, and relays between both. Gives up when the client is gone.
 *
 * @throws whatever `connect` does
 */
export async function relayTo(request: RelayRequest): Promise<void> {
  const { client, idleTimeout } = request;
  const gone = new AbortController();
  const onClose = (): void => gone.abort(request.abandoned());
  const early = new EarlyBytes(client, request.early);
  client.once('close', onClose);
  if (client.destroyed) onClose();
  try {
    const connection = await request.connect(gone.signal);
    request.onConnected(connection);
    early.passTo(connection);
    relay(client, connection, idleTimeout);
  } catch (error) {
    early.discard();
    throw error;
  } finally {
    client.off('close', onClose);
  }
}
