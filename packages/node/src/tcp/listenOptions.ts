import { invalidType } from './netErrors.js';
import { checkPort, checkSignal, invalidProperty, isNumeric } from './socketOptions.js';

/** Options of {@link TcpServer.listen}: those of `net.Server` that make sense in a tunnel. */
export interface TcpListenOptions {
  /** Default any. */
  readonly port?: number | string;
  /** One of the tunnel's addresses, or a name of it; default all. */
  readonly host?: string;
  /** How many connections may wait to be accepted; default 511. */
  readonly backlog?: number;
  /** Without effect: a tunnel belongs to one process. */
  readonly exclusive?: boolean;
  /** Without effect: a tunnel carries IPv6 only. */
  readonly ipv6Only?: boolean;
  /** Closes the server. */
  readonly signal?: AbortSignal;
}

/** Options of `listen` that were checked. */
export interface CheckedListenOptions {
  readonly port: number;
  readonly host: string | undefined;
  readonly backlog: number | undefined;
  readonly signal: AbortSignal | undefined;
}

type Options = Readonly<Record<string, unknown>>;

/** The arguments of `listen` in all their forms. */
export function listenArguments(
  args: readonly unknown[],
): [options: Options, callback: (() => void) | null] {
  const last = args.at(-1);
  const callback = typeof last === 'function' ? (last as () => void) : null;
  const [first, second, third] = args;
  const backlog = toNumber(args.length > 1 && second) || toNumber(args.length > 2 && third) || 0;
  if (typeof first === 'object' && first !== null) {
    const { port } = first as Options;
    const isAny = (port === undefined && 'port' in first) || port === null;
    return [{ backlog, ...first, ...(isAny ? { port: 0 } : {}) }, callback];
  }
  const isAny = args.length === 0 || typeof first === 'function' || first === undefined;
  if (isAny || first === null) return [{ port: 0, backlog }, callback];
  if (typeof first === 'string' && !isNumeric(first)) return [{ path: first }, callback];
  const host = typeof second === 'string' ? { host: second } : {};
  return [{ port: first, backlog, ...host }, callback];
}

/** @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_SOCKET_BAD_PORT */
export function checkListenOptions(options: Options): CheckedListenOptions {
  const { port, host, backlog, signal, path } = options;
  if (signal !== undefined) checkSignal(signal, 'options.signal');
  if (typeof port !== 'number' && typeof port !== 'string') {
    if (typeof path === 'string') {
      throw invalidProperty('options.path', 'is not supported by tunnels', path);
    }
    if (!('port' in options || 'path' in options)) {
      throw invalidProperty('options', 'must have the property "port" or "path"', options);
    }
    throw invalidProperty('options', 'is invalid', options);
  }
  const checked = checkPort(port, 'options.port');
  if (host !== undefined && host !== null && typeof host !== 'string') {
    throw invalidType('options.host', 'of type string', host);
  }
  return {
    port: checked,
    host: (host as string | null | undefined) ?? undefined,
    backlog: toNumber(backlog) || undefined,
    signal,
  };
}

function toNumber(value: unknown): number | false {
  const number = Number(value);
  return number >= 0 ? number : false;
}
