import { coded, numberOf } from '../socket/dgramErrors.js';

/** What libuv says about errors of `listen`. */
const TEXTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'address not available',
  EAFNOSUPPORT: 'address family not supported',
};

/** Where a system call failed. */
export interface NetErrorDetail {
  readonly address?: string;
  readonly port?: number;
  /** Own end, when the program has chosen it. */
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  /** An addition to the message. */
  readonly note?: string | undefined;
  /** Further properties. */
  readonly more?: Readonly<Record<string, unknown>> | undefined;
}

/** An error of a system call in the form that `node:net` gives it. */
export function netError(
  code: string,
  syscall: string,
  { address, port, localAddress, localPort, note, more }: NetErrorDetail = {},
): NodeJS.ErrnoException {
  let message = `${syscall} ${code}`;
  if (syscall === 'listen') message += `: ${TEXTS[code] ?? code}`;
  if (address !== undefined) message += ` ${address}`;
  if (port !== undefined && (port > 0 || syscall === 'listen')) message += `:${port}`;
  const local = localPort === undefined ? localAddress : `${localAddress}:${localPort}`;
  if (localAddress !== undefined) message += ` - Local (${local})`;
  if (note !== undefined) message += ` - ${note}`;
  return Object.assign(new Error(message), {
    errno: numberOf(code),
    code,
    syscall,
    ...(address === undefined ? {} : { address }),
    ...(port === undefined ? {} : { port }),
    ...(localAddress === undefined ? {} : { localAddress }),
    ...(localPort === undefined ? {} : { localPort }),
    ...more,
  });
}

export const socketClosed = (): Error => coded(Error, 'ERR_SOCKET_CLOSED', 'Socket is closed');

export const closedBeforeConnection = (): Error =>
  coded(
    Error,
    'ERR_SOCKET_CLOSED_BEFORE_CONNECTION',
    'Socket closed before the connection was established',
  );

export const streamDestroyed = (): Error =>
  coded(Error, 'ERR_STREAM_DESTROYED', 'Cannot call write after a stream was destroyed');

export const endedByPeer = (): Error =>
  Object.assign(new Error('This socket has been ended by the other party'), { code: 'EPIPE' });

export const blockedAddress = (address: string): Error =>
  coded(Error, 'ERR_IP_BLOCKED', `IP(${address}) is blocked by net.BlockList`);

export const invalidAddress = (found: unknown): Error =>
  coded(TypeError, 'ERR_INVALID_IP_ADDRESS', `Invalid IP address: ${found}`);

export const invalidFamily = (family: unknown, host: string, port: number): Error =>
  Object.assign(
    coded(
      RangeError,
      'ERR_INVALID_ADDRESS_FAMILY',
      `Invalid address family: ${family} ${host}:${port}`,
    ),
    { host, port },
  );

export const portMissing = (): Error =>
  coded(
    TypeError,
    'ERR_MISSING_ARGS',
    'The "options" or "port" or "path" argument must be specified',
  );

export const alreadyListening = (): Error =>
  coded(
    Error,
    'ERR_SERVER_ALREADY_LISTEN',
    'Listen method has been called more than once without closing.',
  );

export const serverNotRunning = (): Error =>
  coded(Error, 'ERR_SERVER_NOT_RUNNING', 'Server is not running.');

export { badPort, invalidType, outOfRange } from '../socket/dgramErrors.js';
export { coded };
