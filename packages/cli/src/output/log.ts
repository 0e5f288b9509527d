import type { Logger } from 'pino';
import type { PrettyOptions } from 'pino-pretty';
import { colors } from './color.js';

/** Form and detail of the log of a daemon. */
export interface LogOptions {
  /** One JSON object a line instead of lines for people. */
  readonly json?: boolean;
  /** Log debugging details, too. */
  readonly verbose?: boolean;
}

const STDOUT = 1;

/**
 * Opens the log of a daemon, on standard output. A message comes with named values, which are fields
 * in JSON and follow the message as `name value` for people.
 */
export async function openLog(options: LogOptions): Promise<Logger> {
  const { pino } = await import('pino');
  const level = options.verbose === true ? 'debug' : 'info';
  if (options.json === true) {
    return pino(
      {
        level,
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      },
      pino.destination({ fd: STDOUT, sync: true }),
    );
  }
  const { default: pretty } = await import('pino-pretty');
  const form: PrettyOptions = {
    destination: STDOUT,
    sync: true,
    colorize: colors.isColorSupported,
    hideObject: true,
    ignore: 'level',
    messageFormat: (log, _key, label) => lineFor(log, label),
  };
  return pino({ level, base: null, timestamp: false }, pretty(form));
}

/** Fields that pino adds to every message. */
const OWN_FIELDS = ['level', 'time', 'msg'];

/** Writes a message for people: `ready  router fc64::1  tun 6bed4`. */
export function lineFor(log: Readonly<Record<string, unknown>>, level: string): string {
  const message = String(log['msg']);
  const fields = Object.entries(log)
    .filter(([name, value]) => !OWN_FIELDS.includes(name) && value !== null && value !== undefined)
    .map(([name, value]) => [name, textOf(value)] as const)
    // Values that the message contains already are not repeated.
    .filter(([, text]) => text !== '' && !message.includes(text))
    .map(([name, text]) => `${colors.dim(name)} ${text}`);
  return [`${markOf(level)}${emphasized(message, level)}`, ...fields].join('  ');
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.join(' ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function markOf(level: string): string {
  return level === 'WARN' ? colors.yellow('warning: ') : '';
}

function emphasized(message: string, level: string): string {
  if (message === 'ready') return colors.green(message);
  return level === 'DEBUG' ? colors.dim(message) : message;
}
