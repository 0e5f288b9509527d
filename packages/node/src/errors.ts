import { CodecError } from '@6bed4/codec';

/** An option that cannot be used; the message names it, what was found and what was expected. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** The option as the caller knows it. */
  readonly option: string;
  /** What was found. */
  readonly found: string;
  /** What would have been accepted. */
  readonly expected: string;

  constructor(option: string, found: string, expected: string) {
    super(`${option}: found ${found}, expected ${expected}`);
    this.option = option;
    this.found = found;
    this.expected = expected;
  }
}

/** Why something cannot start or go on, for programs. */
export type StartErrorCode =
  /** The UDP port or the name of the interface is taken. */
  | 'EADDRINUSE'
  | 'EBUSY'
  /** The address to listen on is not an address of this computer. */
  | 'EADDRNOTAVAIL'
  /** No way to a router. */
  | 'ENETUNREACH'
  /** Not allowed: needs root or CAP_NET_ADMIN. */
  | 'EPERM'
  /** `/dev/net/tun` is missing. */
  | 'ENOENT'
  /** The name belongs to an interface of another kind. */
  | 'EEXIST'
  /** This platform, kernel or build lacks what is needed. */
  | 'ENOTSUP'
  /** The interface was removed while it was in use. */
  | 'ENODEV'
  /** Closed before it was ready. */
  | 'ECANCELED'
  /** Any other code of the operating system. */
  | (string & {});

/** The surroundings do not allow what was asked; the message is one line for a person to act on. */
export class StartError extends Error {
  override readonly name = 'StartError';
  /** Which kind of failure, as in Node's system errors. */
  readonly code: StartErrorCode;

  constructor(code: StartErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What the machines call options by another name than we do. */
const OPTION_NAMES: Readonly<Record<string, string>> = {
  address: 'listen',
  'keepalive.interval': 'keepalive',
  'keepalive.ttl': 'keepalive',
  route: 'routes',
  router: 'routers',
  endpoint: 'routers',
};

/**
 * Runs what reads options, and tells its complaints as {@link UsageError}.
 *
 * @param option - name of the option that is read, or names by what the complaint says
 */
export function checkingOptions<T>(
  read: () => T,
  option: string | Readonly<Record<string, string>> = OPTION_NAMES,
): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    const { field, found, expected } = error;
    const name = typeof option === 'string' ? option : (option[field] ?? field);
    throw new UsageError(name, found, expected);
  }
}
