import type { Logger } from 'pino';
import { colors } from './color.js';
import { LogSink, openStandardOutput } from './logSink.js';

/** Form and detail of the log of a daemon. */
export interface LogOptions {
  /** One JSON object a line instead of lines for people. */
  readonly json?: boolean;
  /** Log debugging details, too. */
  readonly verbose?: boolean;
}

/** For how long the end of a daemon waits for its last lines, in milliseconds. */
const LONGEST_FLUSH = 300;

/** The log of a daemon. A message comes with named values. */
export interface DaemonLog {
  readonly logger: Logger;
  /** Lines that could not be written. */
  readonly linesLost: number;
  /** Ends, after the last lines were written if that is possible without delay. */
  close(): Promise<void>;
}

/**
 * Opens the log of a daemon, on standard output. The values that come with a message are fields in JSON, and
 * follow the message as `name value` for people. Nothing waits for the output, and its failures end
 * nothing.
 */
export async function openLog(options: LogOptions): Promise<DaemonLog> {
  const { pino } = await import('pino');
  const level = options.verbose === true ? 'debug' : 'info';
  const sink = new LogSink(await openStandardOutput(), (lines, code) => {
    const why = code ?? 'lines came faster than they were read';
    logger.warn({ lines }, `${lines} lines of this log were lost: ${why}`);
  });
  const logger: Logger =
    options.json === true
      ? pino(
          {
            level,
            base: null,
            timestamp: pino.stdTimeFunctions.isoTime,
            formatters: { level: (label) => ({ level: label }) },
          },
          sink,
        )
      : pino({ level, base: null, timestamp: false }, await textDestination(sink));
  return {
    logger,
    get linesLost() {
      return sink.lost;
    },
    close: () => sink.close(LONGEST_FLUSH),
  };
}

/** Writes messages for people. */
async function textDestination(sink: LogSink): Promise<{ write(message: string): void }> {
  const { prettyFactory } = await import('pino-pretty');
  const format = prettyFactory({
    colorize: colors.isColorSupported,
    hideObject: true,
    ignore: 'level',
    messageFormat: (log, _key, label) => lineFor(log, label),
  });
  return { write: (message) => sink.write(format(message)) };
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
