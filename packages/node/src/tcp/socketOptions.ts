import { ADDRCONFIG, ALL, V4MAPPED } from 'node:dns';
import { BlockList, type LookupFunction } from 'node:net';
import { inspect } from 'node:util';
import type { PolicyName } from '@6bed4/tunnel';
import { checkPolicy } from '../socket/checkPolicy.js';
import { badPort, coded, invalidType, outOfRange, portMissing } from './netErrors.js';

import { TcpHandle } from './tcpHandle.js';

/** Where bytes go instead of events `data`, as `onread` of `node:net`. */
export interface OnReadOptions {
  /** What is read into, again and again; or a function that returns it. */
  readonly buffer: Uint8Array | (() => Uint8Array);
  /** Takes the bytes that were read; false pauses. */
  callback(count: number, buffer: Uint8Array): boolean;
}

/** Options of a {@link TcpSocket}: those of `net.Socket` that make sense in a tunnel. */
export interface TcpSocketOptions {
  /** Whether the socket stays writable when the other side has ended; default false. */
  readonly allowHalfOpen?: boolean;
  /** Bytes that are buffered in each direction above TCP; default that of streams. */
  readonly highWaterMark?: number;
  readonly readableHighWaterMark?: number;
  readonly writableHighWaterMark?: number;
  /** Sends small segments at once, without Nagle's algorithm; default false. */
  readonly noDelay?: boolean;
  /** Probes the connection while it is idle; default false. */
  readonly keepAlive?: boolean;
  /** Milliseconds of quiet before the first probe; 0 for two hours, the default. */
  readonly keepAliveInitialDelay?: number;
  readonly onread?: OnReadOptions;
  /** Destroys the socket with an `AbortError`. */
  readonly signal?: AbortSignal;
}

/** Options of {@link TcpSocket.connect}: those of `net.connect` that make sense in a tunnel. */
export interface TcpConnectOptions {
  readonly port: number | string;
  /** Name or address of the other side; default `localhost`, which is this tunnel. */
  readonly host?: string;
  /** One of the tunnel's addresses; default the one that suits the destination. */
  readonly localAddress?: string;
  /** Default any. */
  readonly localPort?: number;
  /** 6, or 0 for any, which is the same in a tunnel. */
  readonly family?: number | 'IPv6';
  /** Hints of `dns.lookup`. */
  readonly hints?: number;
  /** Finds the addresses of a name; default `dns.lookup`. */
  readonly lookup?: LookupFunction;
  /** Whether several addresses of a name are tried; default true. */
  readonly autoSelectFamily?: boolean;
  /** Milliseconds after which the next address is tried too; 10 at least, default 250. */
  readonly autoSelectFamilyAttemptTimeout?: number;
  /** Addresses that are not connected to. */
  readonly blockList?: BlockList;
  readonly noDelay?: boolean;
  readonly keepAlive?: boolean;
  readonly keepAliveInitialDelay?: number;
  /** The lanip of the local address, where the dialect has one; default that of the tunnel. */
  readonly lanip?: number;
  /** The paths that segments may take; default the `policy` of the tunnel. */
  readonly policy?: PolicyName;
}

/** Options of {@link Tunnel.connect}. */
export interface TunnelConnectOptions extends TcpSocketOptions, TcpConnectOptions {
  /** As {@link TcpSocket.setTimeout}. */
  readonly timeout?: number;
}

const HIGHEST_PORT = 65_535;

/** @throws ERR_SOCKET_BAD_PORT for anything but 0..65535, as a number or as text */
export function checkPort(port: unknown, name: string): number {
  const isText = typeof port === 'string' && port.trim() !== '';
  const number = isText || typeof port === 'number' ? Number(port) : Number.NaN;
  if (number >>> 0 !== number || number > HIGHEST_PORT) throw badPort(name, 0, port);
  return number;
}

function checkFunction(value: unknown, name: string): void {
  if (typeof value !== 'function') throw invalidType(name, 'of type function', value);
}

function checkNumber(value: unknown, name: string): number {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  return value;
}

function checkBoolean(value: unknown, name: string): void {
  if (typeof value !== 'boolean') throw invalidType(name, 'of type boolean', value);
}

/** @throws ERR_INVALID_ARG_TYPE for anything but an AbortSignal */
export function checkSignal(signal: unknown, name: string): asserts signal is AbortSignal {
  if (signal !== null && typeof signal === 'object' && 'aborted' in signal) return;
  throw invalidType(name, 'an instance of AbortSignal', signal);
}

/** @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE */
export function checkSocketOptions(options: Readonly<Record<string, unknown>>): void {
  for (const name of ['objectMode', 'readableObjectMode', 'writableObjectMode']) {
    if (options[name]) {
      throw invalidProperty(`options.${name}`, 'is not supported', options[name]);
    }
  }
  for (const name of ['fd', 'handle']) {
    const value = options[name] ?? null;
    if (value !== null && !(value instanceof TcpHandle)) {
      throw invalidProperty(`options.${name}`, 'is not supported by tunnels', value);
    }
  }
  checkDelay(options['keepAliveInitialDelay']);
  if (options['signal'] !== undefined) checkSignal(options['signal'], 'options.signal');
}

/** Those options of a socket that are of its stream. */
export function streamOptions(options: TcpSocketOptions): object {
  const { highWaterMark, readableHighWaterMark, writableHighWaterMark } = options;
  return {
    ...(highWaterMark === undefined ? {} : { highWaterMark }),
    ...(readableHighWaterMark === undefined ? {} : { readableHighWaterMark }),
    ...(writableHighWaterMark === undefined ? {} : { writableHighWaterMark }),
  };
}

/** @throws ERR_INVALID_ARG_TYPE */
export function checkDelay(delay: unknown): void {
  if (delay !== undefined) checkNumber(delay, 'options.keepAliveInitialDelay');
}

/** The error about a property or argument for a reason of its own. */
export function invalidProperty(name: string, reason: string, found: unknown): Error {
  const kind = name.includes('.') ? 'property' : 'argument';
  const message = `The ${kind} '${name}' ${reason}. Received ${inspect(found)}`;
  return coded(TypeError, 'ERR_INVALID_ARG_VALUE', message);
}

type Callback = () => void;

/** The arguments of `connect` in all their forms: options, or a port with a host, and a callback. */
export function connectArguments(
  args: readonly unknown[],
): [options: Readonly<Record<string, unknown>>, callback: Callback | null] {
  const last = args.at(-1);
  const callback = typeof last === 'function' ? (last as Callback) : null;
  const [first, second] = args;
  if (typeof first === 'object' && first !== null) {
    return [first as Record<string, unknown>, callback];
  }
  if (args.length === 0 || typeof first === 'function') return [{}, callback];
  if (typeof first === 'string' && !isNumeric(first)) return [{ path: first }, callback];
  const host = typeof second === 'string' ? { host: second } : {};
  return [{ port: first, ...host }, callback];
}

/** Whether text stands for a port rather than for the path of a pipe. */
export function isNumeric(text: string): boolean {
  return Number(text) >= 0;
}

/** @throws ERR_MISSING_ARGS, ERR_INVALID_ARG_TYPE, ERR_SOCKET_BAD_PORT */
export function checkConnectOptions(options: Readonly<Record<string, unknown>>): TcpConnectOptions {
  const { path, port, localPort, lookup, autoSelectFamily, policy } = options;
  if (path !== undefined && path !== null) {
    if (typeof path !== 'string') throw invalidType('options.path', 'of type string', path);
    throw invalidProperty('options.path', 'is not supported by tunnels', path);
  }
  if (port === undefined) throw portMissing();
  if (typeof port !== 'number' && typeof port !== 'string') {
    throw invalidType('options.port', 'one of type number or string', port);
  }
  const number = checkPort(port, 'Port');
  if (localPort) checkNumber(localPort, 'options.localPort');
  if (localPort) checkPort(localPort, 'options.localPort');
  if (lookup !== undefined && lookup !== null) checkFunction(lookup, 'options.lookup');
  if (autoSelectFamily !== undefined) checkBoolean(autoSelectFamily, 'options.autoSelectFamily');
  checkAttemptTimeout(options['autoSelectFamilyAttemptTimeout']);
  checkHints(options['hints']);
  checkBlockList(options['blockList']);
  if (policy !== undefined) checkPolicy(policy as PolicyName);
  return { ...options, port: number } as TcpConnectOptions;
}

function checkAttemptTimeout(time: unknown): void {
  if (time === undefined) return;
  const name = 'options.autoSelectFamilyAttemptTimeout';
  if (!Number.isInteger(checkNumber(time, name))) throw outOfRange(name, 'an integer', time);
  if ((time as number) < 1 || (time as number) > 0x7fff_ffff) {
    throw outOfRange(name, '>= 1 && <= 2147483647', time);
  }
}

/** @throws ERR_INVALID_ARG_TYPE for anything but a BlockList */
export function checkBlockList(list: unknown): void {
  if (list === undefined || list === null || list instanceof BlockList) return;
  throw invalidType('options.blockList', 'an instance of net.BlockList', list);
}

function checkHints(hints: unknown): void {
  if (hints === undefined || hints === null) return;
  const isKnown = ((hints as number) & ~(ADDRCONFIG | V4MAPPED | ALL)) === 0;
  if (!isKnown) throw invalidProperty('hints', 'is invalid', hints);
}
