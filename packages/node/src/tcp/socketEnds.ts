import { formatIPv6 } from '@6bed4/codec';
import type { TcpConnection, TcpEndpoint } from '@6bed4/tcp';

/** Address of one end of a connection, as `address()` of `node:net` has it. */
export interface TcpAddress {
  readonly address: string;
  readonly family: 'IPv6';
  readonly port: number;
}

/**
 * Both ends of a connection as text, made when somebody asks. As in `node:net`, the remote end is known after
 * the connection has ended if somebody has asked before, and the own one is not.
 */
export class SocketEnds {
  #local: TcpAddress | null = null;
  #remote: TcpAddress | null = null;

  /** @param connection - null when it has ended, or there is none yet */
  local(connection: TcpConnection | null): TcpAddress | null {
    if (connection === null) return null;
    this.#local ??= endOf(connection.local);
    return this.#local;
  }

  /** @param connection - null when it has ended, or there is none yet */
  remote(connection: TcpConnection | null): TcpAddress | null {
    if (connection !== null) this.#remote ??= endOf(connection.remote);
    return this.#remote;
  }

  clear(): void {
    this.#local = null;
    this.#remote = null;
  }
}

function endOf({ address, port }: TcpEndpoint): TcpAddress {
  return { address: formatIPv6(address), family: 'IPv6', port };
}
