import { sameIPv6Address } from '@6bed4/codec';
import { DESTINATION_OFFSET, IPV6_HEADER_LENGTH } from '@6bed4/nd';
import type { TcpConnection } from '@6bed4/tcp';
import type { PolicyName } from '@6bed4/tunnel';

const DESTINATION_PORT_OFFSET = IPV6_HEADER_LENGTH + 2;

interface Exception {
  readonly remote: Uint8Array;
  readonly policy: PolicyName;
}

/** The policies of segments: that of the tunnel, but for connections and ports with one of their own. */
export class ConnectionPolicies {
  readonly #usual: PolicyName;
  /** By local port. */
  readonly #listeners = new Map<number, PolicyName>();
  /** By local and remote port. */
  readonly #connections = new Map<number, Exception[]>();

  constructor(usual: PolicyName) {
    this.#usual = usual;
  }

  /** The policy of a connection; `null` reverts to the usual one. */
  set({ local, remote }: TcpConnection, policy: PolicyName | null): void {
    const key = local.port * 65_536 + remote.port;
    const others = this.#connections
      .get(key)
      ?.filter((one) => !sameIPv6Address(one.remote, 0, remote.address, 0));
    const wanted = policy === null ? [] : [{ remote: remote.address, policy }];
    const all = [...(others ?? []), ...wanted];
    if (all.length === 0) this.#connections.delete(key);
    else this.#connections.set(key, all);
  }

  /** The policy of what a listener at a port answers; `null` reverts to the usual one. */
  setListener(port: number, policy: PolicyName | null): void {
    if (policy === null) this.#listeners.delete(port);
    else this.#listeners.set(port, policy);
  }

  /** The policy of a packet without extension headers. For every packet. */
  of(bytes: Uint8Array, offset: number): PolicyName {
    if (this.#connections.size === 0 && this.#listeners.size === 0) return this.#usual;
    return this.#search(bytes, offset);
  }

  #search(bytes: Uint8Array, offset: number): PolicyName {
    const at = offset + IPV6_HEADER_LENGTH;
    const localPort = (bytes[at]! << 8) | bytes[at + 1]!;
    const to = offset + DESTINATION_PORT_OFFSET;
    const remotePort = (bytes[to]! << 8) | bytes[to + 1]!;
    const found = this.#connections
      .get(localPort * 65_536 + remotePort)
      ?.find(({ remote }) => sameIPv6Address(remote, 0, bytes, offset + DESTINATION_OFFSET));
    return found?.policy ?? this.#listeners.get(localPort) ?? this.#usual;
  }
}
