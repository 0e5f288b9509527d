import { type NetConnectOpts, connect as netConnect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { checkPort, InvalidArgumentError } from '@6bed4/codec';
import { isTimeout, setLongTimeout } from '../longTimeout.js';
import { timersOf } from '../tcp/tunnelLayers.js';
import { unlessAborted, untilConnected } from './abortable.js';
import {
  type CandidateOptions,
  selectWithCandidateSources,
  type TunnelAddresses,
} from './candidateSources.js';
import type { AddressPair } from './destinationSelection.js';
import { type Attempt, type RaceOptions, race } from './happyEyeballs.js';
import { interleave } from './interleave.js';
import { createLookup, type Resolve } from './lookup.js';

/** A tunnel that streams can be opened through. */
export interface StreamTunnel<S extends Duplex = Duplex> extends TunnelAddresses {
  /** Opens a stream, which emits `connect` when it is open and `error` when it cannot be. */
  connect(options: {
    readonly host: string;
    readonly port: number;
    readonly signal?: AbortSignal;
  }): S;
}

/** Options of {@link connect}. */
export interface ConnectOptions<S extends Duplex = Duplex>
  extends CandidateOptions,
    Pick<RaceOptions<never>, 'delay' | 'signal'> {
  /** Name or address of the remote; or `addresses`. */
  readonly host?: string;
  /** Addresses of the remote, IPv4 and IPv6, 6bed4 or not, in any order; instead of `host`. */
  readonly addresses?: readonly string[];
  /** TCP port of the remote, and port of its streams over 6bed4; 1..65535. */
  readonly port: number;
  readonly tunnel?: StreamTunnel<S>;
  /** Resolves names; default: the resolver of the system. */
  readonly resolve?: Resolve;
  /**
   * Upper bound of the whole, in milliseconds, with the error `ETIMEDOUT`; Infinity for none; default: that
   * of the system.
   */
  readonly timeout?: number;
}

/**
 * Connects to a remote: over native IPv6 where both ends have it, over IPv4 where both have that, and
 * through the tunnel where the remote has a 6bed4 address. All its addresses are tried in the order of
 * {@link sortAddresses}, interleaved by the kind of path, as Happy Eyeballs ({@link race}).
 *
 * @returns an open TCP socket, or an open stream of the tunnel. Rejects with the one error where there
 * was one address, else with an `AggregateError`; with `ENETUNREACH` when there is no route to any
 * @throws InvalidArgumentError for options that cannot be used
 */
export async function connect<S extends Duplex = Duplex>(
  options: ConnectOptions<S>,
): Promise<Socket | S> {
  const { port, tunnel, timeout, signal } = options;
  checkPort('port', port, 1);
  if (timeout !== undefined && !isTimeout(timeout)) {
    throw new InvalidArgumentError('timeout', String(timeout), 'milliseconds above 0');
  }
  const limit = new AbortController();
  const timers = timersOf(tunnel);
  const cancel =
    timeout === undefined ? undefined : setLongTimeout(() => limit.abort(), timeout, timers);
  const signals = [signal, cancel && limit.signal].filter((each) => each !== undefined);
  const either = signals.length === 0 ? undefined : AbortSignal.any(signals);
  try {
    const addresses = await unlessAborted(addressesOf(options), either);
    const pairs = await selectWithCandidateSources(addresses, options);
    const usable = pairs.filter(({ source }) => source !== null);
    if (usable.length === 0) throw unreachable(options, addresses);
    const attempts = interleave(usable, kindOf).map(
      (pair): Attempt<Socket | S> =>
        async (end) =>
          untilConnected(open(pair, port, tunnel, end), end),
    );
    const raceOptions = {
      timers,
      discard: (stream: Socket | S) => void stream.destroy(),
      ...(options.delay === undefined ? {} : { delay: options.delay }),
      ...(either === undefined ? {} : { signal: either }),
    };
    return await race(attempts, raceOptions);
  } catch (error) {
    if (limit.signal.aborted && signal?.aborted !== true) throw timedOut(options, error);
    if (error instanceof AggregateError && error.errors.length === 1) throw error.errors[0];
    throw error;
  } finally {
    cancel?.();
  }
}

async function addressesOf(options: ConnectOptions): Promise<readonly string[]> {
  const { host, addresses } = options;
  if (addresses !== undefined && host === undefined) {
    if (addresses.length > 0) return addresses;
    throw new InvalidArgumentError('addresses', 'none', 'at least one address');
  }
  if (host === undefined || addresses !== undefined) {
    const found = host === undefined ? 'neither' : 'both';
    throw new InvalidArgumentError('host', found, 'one of host and addresses');
  }
  const found = await createLookup(options).promise(host, { all: true, verbatim: true });
  return found.map(({ address }) => address);
}

function kindOf({ family, source }: AddressPair): string {
  return source?.tunnelled === true ? '6bed4' : `ipv${family}`;
}

function open<S extends Duplex>(
  { destination, family, source }: AddressPair,
  port: number,
  tunnel: StreamTunnel<S> | undefined,
  signal: AbortSignal,
): Socket | S {
  if (source?.tunnelled === true && tunnel !== undefined) {
    return tunnel.connect({ host: destination, port, signal });
  }
  const native: NetConnectOpts = { host: destination, port, family };
  return netConnect(native);
}

function nameOf({ host, addresses }: ConnectOptions): string {
  return host ?? (addresses ?? []).join(', ');
}

function unreachable(options: ConnectOptions, addresses: readonly string[]): Error {
  const message = `connect ENETUNREACH ${nameOf(options)}: no way to ${addresses.join(', ')}`;
  return Object.assign(new Error(message), { code: 'ENETUNREACH', syscall: 'connect' });
}

function timedOut(options: ConnectOptions, cause: unknown): Error {
  const message = `connect ETIMEDOUT ${nameOf(options)} after ${options.timeout} ms`;
  return Object.assign(new Error(message, { cause }), { code: 'ETIMEDOUT', syscall: 'connect' });
}
