import dns, { type LookupAddress } from 'node:dns';
import { isIP, isIPv4 } from 'node:net';
import { formatIPv6 } from '@6bed4/codec';
import { TcpUsageError } from '@6bed4/tcp';
import type { Timer } from '../environment/timers.js';
import { nextTick } from '../realTimers.js';
import { isLoopbackDestination, LOOPBACK_TEXT, readAddress } from '../socket/destinationAddress.js';
import {
  blockedAddress,
  invalidAddress,
  invalidFamily,
  type NetErrorDetail,
  netError,
} from './netErrors.js';
import type { TcpConnectOptions } from './socketOptions.js';
import { type HandleListener, TcpHandle } from './tcpHandle.js';
import type { TcpLayer } from './tcpLayer.js';

/** The Connection Attempt Delay of RFC 8305 §5, in milliseconds. */
const ATTEMPT_DELAY = 250;
const LEAST_ATTEMPT_DELAY = 10;

/** The demands of a {@link Dial}: of a socket that connects. */
export interface Dialer {
  /** Emits an event of the socket about the look-up or an attempt. */
  report(event: string, ...args: unknown[]): void;
  /** An attempt has succeeded. */
  connected(handle: TcpHandle<unknown>, address: string): void;
  /** All attempts have failed. */
  refused(error: Error): void;
}

interface Attempt {
  readonly address: string;
  handle: TcpHandle<Attempt> | null;
  readonly dial: Dial;
}

/** One call of `connect`: looks a name up, and races its addresses as Happy Eyeballs (RFC 8305). */
export class Dial {
  readonly #layer: TcpLayer;
  readonly #options: TcpConnectOptions;
  readonly #dialer: Dialer;
  readonly #lanip: number;
  readonly #isRef: boolean;
  readonly #attempts: Attempt[] = [];
  readonly #errors: Error[] = [];
  #addresses: string[] = [];
  #timer: Timer | null = null;
  #isOver = false;

  constructor(
    layer: TcpLayer,
    options: TcpConnectOptions,
    lanip: number,
    isRef: boolean,
    dialer: Dialer,
  ) {
    this.#layer = layer;
    this.#options = options;
    this.#lanip = lanip;
    this.#isRef = isRef;
    this.#dialer = dialer;
  }

  /** The addresses that were tried, as `address:port` of `net` has them. */
  get attempted(): string[] {
    const port = Number(this.#options.port);
    return this.#attempts.map(({ address }) => `${address}:${port}`);
  }

  /**
   * Begins.
   *
   * @throws ERR_INVALID_IP_ADDRESS for a `localAddress` that is none
   */
  start(): void {
    const { localAddress, host = 'localhost', lookup } = this.#options;
    if (localAddress && isIP(localAddress) === 0) throw invalidAddress(localAddress);
    const isOwn = host === 'localhost' && lookup == null;
    if (isOwn || isIP(host) !== 0) {
      const address = isOwn ? LOOPBACK_TEXT : host;
      nextTick(() => {
        if (isOwn) this.#dialer.report('lookup', null, address, 6, host);
        this.#connectTo([address]);
      });
      return;
    }
    this.#lookUp(host);
  }

  /** Gives all attempts up. */
  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#endTurn();
    for (const { handle } of this.#attempts) handle?.reset();
  }

  #lookUp(host: string): void {
    const { lookup, hints = 0, autoSelectFamily = true } = this.#options;
    const options = { family: 6, hints, ...(autoSelectFamily ? { all: true } : {}) };
    const take = (
      error: NodeJS.ErrnoException | null,
      found: string | LookupAddress[],
      family?: number,
    ): void => {
      const all = Array.isArray(found) ? found : [{ address: found, family: family! }];
      if (error) this.#dialer.report('lookup', error, undefined, undefined, host);
      else {
        for (const one of all) this.#dialer.report('lookup', null, one.address, one.family, host);
      }
      if (this.#isOver) return;
      if (error) nextTick(() => this.#fail(error));
      else this.#found(all, host);
    };
    // Not a function imported by name: programs replace the property.
    const call = lookup ?? dns.lookup;
    (call as (...args: unknown[]) => void)(host, options, take);
  }

  #found(all: readonly LookupAddress[], host: string): void {
    const port = Number(this.#options.port);
    const bad = all.find(({ address }) => isIP(address) === 0);
    const usable = all.filter(({ address, family }) => isIP(address) === 6 && family === 6);
    if (usable.length > 0) this.#connectTo(usable.map(({ address }) => address));
    else if (bad !== undefined || all.length === 0) {
      nextTick(() => this.#fail(invalidAddress(bad?.address)));
    } else if (all.every(({ family }) => family === 4)) {
      this.#connectTo([all[0]!.address]);
    } else nextTick(() => this.#fail(invalidFamily(all[0]!.family, host, port)));
  }

  #connectTo(addresses: string[]): void {
    if (this.#isOver) return;
    this.#addresses = addresses;
    this.#next();
  }

  readonly #next = (): void => {
    this.#endTurn();
    const address = this.#addresses[this.#attempts.length];
    if (this.#isOver || address === undefined) return;
    const attempt: Attempt = { address, handle: null, dial: this };
    this.#attempts.push(attempt);
    this.#dialer.report('connectionAttempt', address, Number(this.#options.port), 6);
    if (this.#isOver) return;
    const error = this.#begin(attempt);
    if (error !== null) this.#lost(attempt, error);
    else if (this.#attempts.length < this.#addresses.length) this.#awaitTurn(attempt);
  };

  #awaitTurn({ address }: Attempt): void {
    const { autoSelectFamilyAttemptTimeout = ATTEMPT_DELAY, port } = this.#options;
    const delay = Math.max(autoSelectFamilyAttemptTimeout, LEAST_ATTEMPT_DELAY);
    this.#timer = this.#layer.timers.setTimeout(() => {
      this.#dialer.report('connectionAttemptTimeout', address, Number(port), 6);
      this.#next();
    }, delay);
  }

  #endTurn(): void {
    if (this.#timer !== null) this.#layer.timers.clearTimeout(this.#timer);
    this.#timer = null;
  }

  #begin(attempt: Attempt): Error | null {
    const { localAddress, localPort = 0, policy, noDelay, blockList } = this.#options;
    const { address } = attempt;
    const port = Number(this.#options.port);
    const remote = readAddress(address);
    if (remote === null) {
      const note = isIPv4(address) ? 'a tunnel carries no IPv4' : undefined;
      return netError('ENETUNREACH', 'connect', { address, port, note });
    }
    if (blockList?.check(address, 'ipv6')) return blockedAddress(address);
    const layer = this.#layer;
    if (!layer.isOpen) return netError('ENETDOWN', 'connect', { address, port });
    const wanted = localAddress ? readAddress(localAddress) : null;
    const isAny = wanted === null || (isLoopbackDestination(wanted) && wanted[15] === 0);
    const local = isAny ? layer.sourceFor(remote, this.#lanip) : wanted;
    if (localAddress && !isAny && !layer.owns(wanted)) {
      return netError('EADDRNOTAVAIL', 'bind', { address: localAddress, port: Number(localPort) });
    }
    if (local === null) {
      const note = 'no router has assigned an address';
      return netError('ENETUNREACH', 'connect', { address, port, note });
    }
    if (port === 0) {
      return netError('EADDRNOTAVAIL', 'connect', { address, port, ...this.#localEnd(local) });
    }
    try {
      const connection = layer.connect(local, Number(localPort), remote, port);
      if (noDelay) connection.noDelay = true;
      attempt.handle = new TcpHandle<Attempt>(layer, connection, true);
      attempt.handle.attach(attempt, ATTEMPT_LISTENER);
      if (!this.#isRef) attempt.handle.unref();
      if (policy !== undefined) attempt.handle.policy = policy;
      return null;
    } catch (error) {
      if (!(error instanceof TcpUsageError)) throw error;
      return netError(error.code, 'connect', { address, port, ...this.#localEnd(local) });
    }
  }

  #localEnd(local: Uint8Array): Pick<NetErrorDetail, 'localAddress' | 'localPort'> {
    const { localPort = 0 } = this.#options;
    return { localAddress: formatIPv6(local), localPort: Number(localPort) };
  }

  /** @internal */
  won(attempt: Attempt): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#endTurn();
    for (const one of this.#attempts) if (one !== attempt) one.handle?.reset();
    this.#dialer.connected(attempt.handle as TcpHandle<unknown>, attempt.address);
  }

  /** @internal */
  failed(attempt: Attempt, code: string): void {
    const { localAddress, localPort } = this.#options;
    attempt.handle?.reset();
    attempt.handle = null;
    const { address } = attempt;
    const chosen = localAddress && localPort ? { localAddress, localPort } : {};
    const remote = readAddress(address)!;
    const detail = { address, port: Number(this.#options.port), ...chosen };
    this.#lost(
      attempt,
      netError(code, 'connect', { ...detail, ...this.#layer.describePath(remote, code) }),
    );
  }

  #lost({ address }: Attempt, error: Error): void {
    if (this.#isOver) return;
    this.#errors.push(error);
    const port = Number(this.#options.port);
    this.#dialer.report('connectionAttemptFailed', address, port, 6, error);
    if (this.#isOver) return;
    if (this.#attempts.length < this.#addresses.length) this.#next();
    else if (this.#errors.length === this.#addresses.length) this.#fail(this.#all());
  }

  #all(): Error {
    const [first] = this.#errors as NodeJS.ErrnoException[];
    if (this.#errors.length === 1) return first!;
    return Object.assign(
      new AggregateError(this.#errors, `all ${this.#errors.length} attempts failed`),
      { code: first!.code },
    );
  }

  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#dialer.refused(error);
  }
}

const ATTEMPT_LISTENER: HandleListener<Attempt> = {
  opened: (attempt) => attempt.dial.won(attempt),
  failed: (attempt, code) => attempt.dial.failed(attempt, code),
  readable: () => {},
  ended: () => {},
  progressed: () => {},
  terminated: (attempt) => attempt.dial.failed(attempt, 'ECONNABORTED'),
};
