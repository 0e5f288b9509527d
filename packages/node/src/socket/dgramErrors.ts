import { constants } from 'node:os';
import { type InspectOptions, inspect } from 'node:util';

/** Codes of errors of the tunnel, as operating systems have them. */
export type SystemErrorCode =
  | 'EACCES'
  | 'EADDRINUSE'
  | 'EADDRNOTAVAIL'
  | 'EBADF'
  | 'ECONNREFUSED'
  | 'EHOSTUNREACH'
  | 'EINVAL'
  | 'EMSGSIZE'
  | 'ENETUNREACH';

/** An error that programs recognize by its code. */
export type CodedError = Error & { readonly code: string };

/** An error of one kind with its code, which also shows in the stack trace as it does in Node.js. */
export function coded(
  Kind: typeof Error | typeof TypeError | typeof RangeError,
  code: string,
  message: string,
  name: string = Kind.name,
): CodedError {
  const error = new Kind(message);
  error.name = `${name} [${code}]`;
  // Reading the stack for the first time fixes the name in it.
  void error.stack;
  Reflect.deleteProperty(error, 'name');
  if (name !== Kind.name) {
    Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  }
  const asText = (): string => `${error.name} [${code}]: ${error.message}`;
  Object.defineProperty(error, 'toString', { value: asText, configurable: true, writable: true });
  return Object.assign(error, { code });
}

export const notRunning = (): Error => coded(Error, 'ERR_SOCKET_DGRAM_NOT_RUNNING', 'Not running');

export const alreadyBound = (): Error =>
  coded(Error, 'ERR_SOCKET_ALREADY_BOUND', 'Socket is already bound');

export const alreadyConnected = (): Error =>
  coded(Error, 'ERR_SOCKET_DGRAM_IS_CONNECTED', 'Already connected');

export const notConnected = (): Error =>
  coded(Error, 'ERR_SOCKET_DGRAM_NOT_CONNECTED', 'Not connected');

export const badBufferSize = (): Error =>
  coded(TypeError, 'ERR_SOCKET_BAD_BUFFER_SIZE', 'Buffer size must be a positive integer');

const BUFFER_SIZE_ERRORS = { EBADF: 'bad file descriptor', EINVAL: 'invalid argument' } as const;

/** The error of libuv in the form that Node.js gives it, whose details are those of `info`. */
export function bufferSizeRefused(
  side: 'recv' | 'send',
  code: keyof typeof BUFFER_SIZE_ERRORS,
): Error {
  const message = BUFFER_SIZE_ERRORS[code];
  const info = { errno: numberOf(code), code, message, syscall: `uv_${side}_buffer_size` };
  const text = `Could not get or set buffer size: ${info.syscall} returned ${code} (${message})`;
  const error = Object.assign(coded(Error, 'ERR_SOCKET_BUFFER_SIZE', text, 'SystemError'), {
    info,
  });
  for (const name of ['errno', 'syscall'] as const) {
    Object.defineProperty(error, name, {
      get: () => info[name],
      set: (value: never) => {
        info[name] = value;
      },
      enumerable: true,
      configurable: true,
    });
  }
  // Shows the values of the accessors.
  const show = (_depth: number, options: InspectOptions): string =>
    inspect(error, { ...options, getters: true, customInspect: false });
  Object.defineProperty(error, inspect.custom, { value: show });
  return error;
}

export const missingArgument = (name: string): Error =>
  coded(TypeError, 'ERR_MISSING_ARGS', `The "${name}" argument must be specified`);

export const outOfBounds = (name: string): Error =>
  coded(RangeError, 'ERR_BUFFER_OUT_OF_BOUNDS', `"${name}" is outside of buffer bounds`);

export const badType = (): Error =>
  coded(
    TypeError,
    'ERR_SOCKET_BAD_TYPE',
    'Bad socket type specified. Valid types are: udp6, which is what a tunnel carries',
  );

export function invalidType(name: string, expected: string, found: unknown): Error {
  const kind = name.includes('.') ? 'property' : 'argument';
  const message = `The "${name}" ${kind} must be ${expected}. Received ${describe(found)}`;
  return coded(TypeError, 'ERR_INVALID_ARG_TYPE', message);
}

export function invalidValue(name: string, expected: string, found: unknown): Error {
  const message = `The argument '${name}' must be ${expected}. Received ${inspect(found)}`;
  return coded(TypeError, 'ERR_INVALID_ARG_VALUE', message);
}

export function outOfRange(name: string, expected: string, found: unknown): Error {
  const message = `The value of "${name}" is out of range. It must be ${expected}. Received ${inspect(found)}`;
  return coded(RangeError, 'ERR_OUT_OF_RANGE', message);
}

export function badPort(name: string, least: 0 | 1, found: unknown): Error {
  const bound = least === 0 ? '>= 0' : '> 0';
  const message = `${name} should be ${bound} and < 65536. Received ${describe(found)}.`;
  return coded(RangeError, 'ERR_SOCKET_BAD_PORT', message);
}

/** Describes a value as the messages of Node.js do. */
function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value === 'object') {
    const name = value.constructor?.name;
    return name ? `an instance of ${name}` : inspect(value, { depth: -1 });
  }
  return `type ${typeof value} (${inspect(value)})`;
}

/** The number of an error as libuv has it. */
export function numberOf(code: string): number {
  return -(constants.errno[code as keyof typeof constants.errno] ?? 0);
}

/** Details of a system error. */
export interface SystemErrorDetail {
  readonly address?: string | undefined;
  readonly port?: number | undefined;
  /** An addition to the message. */
  readonly note?: string;
}

/** An error like those of the operating system: code, number, system call and endpoint. */
export function systemError(
  code: SystemErrorCode,
  syscall: string,
  { address, port, note }: SystemErrorDetail = {},
): NodeJS.ErrnoException {
  let where = '';
  if (address !== undefined) where = port ? ` ${address}:${port}` : ` ${address}`;
  const message = `${syscall} ${code}${where}${note === undefined ? '' : `: ${note}`}`;
  return Object.assign(new Error(message), {
    errno: numberOf(code),
    code,
    syscall,
    ...(address === undefined ? {} : { address }),
    ...(port ? { port } : {}),
  });
}
