import type { Logger } from 'pino';
import type { PrettyOptions } from 'pino-pretty';
import { colours } from './color.js';

/** How a daemon tells what happens. */
export interface LogOptions {
  /** One JSON object a line instead of lines for people. */
  readonly json?: boolean;
  /** Also what only matters in search of a fault. */
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
    colorize: colours.isColorSupported,
    hideObject: true,
    ignore: 'level',
    messageFormat: (log, _key, label) => lineFor(log, label),
  };
  return pino({ level, base: null, timestamp: false }, pretty(form));
}

/** What pino adds to every message. */
const OWN_FIELDS = ['level', 'time', 'msg'];

/** Writes a message for people: `ready  router fc64::1  tun 6bed4`. */
export function lineFor(log: Readonly<Record<string, unknown>>, level: string): string {
  const message = String(log['msg']);
  const fields = Object.entries(log)
    .filter(([name, value]) => !OWN_FIELDS.includes(name) && value !== null && value !== undefined)
    .map(([name, value]) => [name, textOf(value)] as const)
    // What the message says already is not said again.
    .filter(([, text]) => text !== '' && !message.includes(text))
    .map(([name, text]) => `${colours.dim(name)} ${text}`);
  return [`${markOf(level)}${emphasised(message, level)}`, ...fields].join('  ');
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.join(' ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function markOf(level: string): string {
  return level === 'WARN' ? colours.yellow('warning: ') : '';
}

function emphasised(message: string, level: string): string {
  if (message === 'ready') return colours.green(message);
  return level === 'DEBUG' ? colours.dim(message) : message;
}
