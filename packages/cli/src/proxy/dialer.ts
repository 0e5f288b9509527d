import { connect as connectBySystem } from 'node:net';
import { race, unlessAborted, untilConnected } from '@6bed4/node';
import { interfaceAddresses } from '../process/interfaceAddresses.js';
import type { Connection, Network } from '../relay/network.js';
import { DestinationError, isAllowedIPv4, isAllowedIPv6, readHost } from './destination.js';
import type { ResolveName } from './names.js';

/** Milliseconds until a connection attempt with all its addresses is given up. */
const CONNECT_TIMEOUT = 30_000;
/** Addresses of a name that are tried. */
const MOST_ADDRESSES = 8;

export interface DialerOptions {
  readonly network: Network;
  /** The prefixes of which all addresses are this tunnel's. */
  readonly ownPrefixes: () => readonly string[];
  /** Resolves names to IPv6 addresses, and to IPv4 addresses for those that have no other. */
  readonly resolve: ResolveName;
  /** Whether destinations with IPv4 addresses only are reached from this computer itself. */
  readonly directIPv4: boolean;
}

/** An address to send to, and whether it is to be reached through the tunnel or from this computer. */
export interface Target {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Finds and reaches the destinations that clients name. */
export class Dialer {
  readonly #options: DialerOptions;

  constructor(options: DialerOptions) {
    this.#options = options;
  }

  /** Whether destinations that only have IPv4 addresses are reached. */
  get directIPv4(): boolean {
    return this.#options.directIPv4;
  }

  /**
   * Connects to a host, trying its addresses as Happy Eyeballs.
   *
   * @throws DestinationError, or the error of the connection; the reason of the signal when that aborts
   */
  async connect(host: string, port: number, signal: AbortSignal): Promise<Connection> {
    const limit = AbortSignal.timeout(CONNECT_TIMEOUT);
    const either = AbortSignal.any([signal, limit]);
    try {
      const targets = await unlessAborted(this.targets(host), either);
      if (port === 0) throw new DestinationError('prohibited', 'port 0');
      const attempts = targets
        .slice(0, MOST_ADDRESSES)
        .map((target) => (end: AbortSignal) => untilConnected(this.#open(target, port), end));
      const discard = (late: Connection): void => void late.destroy();
      return await race(attempts, { signal: either, discard });
    } catch (error) {
      if (limit.aborted && !signal.aborted) {
        throw new DestinationError('timed-out', `no answer in ${CONNECT_TIMEOUT / 1000} s`);
      }
      throw error;
    }
  }

  /**
   * The addresses of a host that may be used: at least one.
   *
   * @throws DestinationError
   */
  async targets(text: string): Promise<readonly Target[]> {
    const host = readHost(text);
    if (host.kind === 'ipv6') return this.#allowed([{ address: host.address, family: 6 }], text);
    if (host.kind === 'ipv4') return this.#throughIPv4([host.address], text);
    const { resolve } = this.#options;
    const found = await resolve(host.name, 6);
    // A name may resolve to anything that an address may be, IPv4-mapped addresses among them.
    const ipv6 = found.flatMap((address) => {
      const read = readHost(address);
      return read.kind === 'ipv6' ? [{ address: read.address, family: 6 as const }] : [];
    });
    if (ipv6.length > 0) return this.#allowed(ipv6, text);
    const ipv4 = await resolve(host.name, 4);
    if (ipv4.length === 0) throw new DestinationError('not-found', `there is no name ${text}`);
    return this.#throughIPv4(ipv4, text);
  }

  #throughIPv4(addresses: readonly string[], host: string): readonly Target[] {
    if (!this.#options.directIPv4) {
      throw new DestinationError(
        'ipv4-only',
        `${host} has no IPv6 address, and there is no --direct-ipv4`,
      );
    }
    return this.#allowed(
      addresses.map((address) => ({ address, family: 4 })),
      host,
    );
  }

  #allowed(targets: readonly Target[], host: string): readonly Target[] {
    const allowed = targets.filter(({ address, family }) =>
      family === 6
        ? isAllowedIPv6(address, this.#options.ownPrefixes())
        : isAllowedIPv4(address, ownIPv4()),
    );
    if (allowed.length > 0) return allowed;
    throw new DestinationError('prohibited', `${host} is an address of this computer, or of none`);
  }

  #open({ address, family }: Target, port: number): Connection {
    const options = { host: address, port, allowHalfOpen: true, noDelay: true } as const;
    return family === 6 ? this.#options.network.connect(options) : connectBySystem(options);
  }
}

function ownIPv4(): string[] {
  return interfaceAddresses()
    .filter(({ family }) => family === 'IPv4')
    .map(({ address }) => address);
}
