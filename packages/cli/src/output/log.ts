import type { Logger } from 'pino';
import { harmlessText } from '../control/harmless.js';
import { programName } from '../process/programName.js';
import { colors } from './color.js';
import { LogSink, openStandardStream, STDERR, STDOUT, statStandardStream } from './logSink.js';
import { createRedaction } from './redact.js';

/** The levels of a log, the most important first. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/**
 * The forms of a log: lines for people, JSON, and lines that journald and syslog know the priority of
 * (sd-daemon(3)).
 */
export type LogFormat = 'text' | 'json' | 'journal';

/** Where a log goes: an output of the process, or syslog of the system. */
export type LogPlace = 'stdout' | 'stderr' | 'syslog';

/** Form and detail of the log of a daemon. */
export interface LogOptions {
  /** One JSON object a line instead of lines for people. */
  readonly json?: boolean;
  /** Log debugging details, too. */
  readonly verbose?: boolean;
  /** Least important level that is logged; default `info`. */
  readonly logLevel?: LogLevel;
  /** Default `stdout`. */
  readonly logTo?: LogPlace;
  /** Default: `journal` for syslog, and where the output is that of journald; else `text`. */
  readonly logFormat?: LogFormat;
  /** Begin lines of text with the time; default: if they go to a file. */
  readonly logTime?: boolean;
  /** Replace addresses by names that say nothing. */
  readonly redact?: boolean;
}

/** For how long the end of a daemon waits for its last lines, in milliseconds. */
const LONGEST_FLUSH = 300;

/** The log of a daemon. A message comes with named values. */
export interface DaemonLog {
  readonly logger: Logger;
  /** Lines that could not be written. */
  readonly linesLost: number;
  /** Replaces addresses in a text as in the log: by the same names, if that is wished. */
  readonly redacted: (text: string) => string;
  /** Ends, after the last lines were written if that is possible without delay. */
  close(): Promise<void>;
}

/**
 * Opens the log of a daemon, on standard output unless told otherwise. The values that come with a message are fields
 * in JSON, and follow the message as `name value` for people. Nothing waits for the output, and its failures
 * end nothing.
 *
 * @throws StartError where there is no such output
 */
export async function openLog(options: LogOptions): Promise<DaemonLog> {
  const { pino } = await import('pino');
  const level = levelOf(options);
  const sink = await openSink(options.logTo ?? 'stdout', (lines, code) => {
    const why = code ?? 'lines came faster than they were read';
    logger.warn({ lines }, `${lines} lines of this log were lost: ${why}`);
  });
  const redacted = options.redact === true ? createRedaction() : (line: string): string => line;
  const destination: Destination = { write: (line) => sink.write(redacted(line)) };
  const common = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  const format = await formatOf(options);
  const logger: Logger =
    format === 'json'
      ? pino({ ...common, formatters: { level: (label) => ({ level: label }) } }, destination)
      : pino(common, await textDestination(destination, format, options));
  return {
    logger,
    redacted,
    get linesLost() {
      return sink.lost;
    },
    close: () => sink.close(LONGEST_FLUSH),
  };
}

/** The least important level that options ask for. */
export function levelOf({ verbose, logLevel = 'info' }: LogOptions): LogLevel {
  return verbose === true ? 'debug' : logLevel;
}

/** Takes lines. */
interface Destination {
  write(line: string): void;
}

/** The end of a log. */
interface Sink extends Destination {
  readonly lost: number;
  close(within: number): Promise<void>;
}

async function openSink(
  place: LogPlace,
  onLost: (lines: number, code: string | null) => void,
): Promise<Sink> {
  if (place !== 'syslog') return new LogSink(await openStandardStream(streamOf(place)), onLost);
  const { SyslogSink } = await import('./syslogSink.js');
  return SyslogSink.open(programName(), onLost);
}

function streamOf(place: LogPlace): number {
  return place === 'stderr' ? STDERR : STDOUT;
}

async function formatOf({ json, logFormat, logTo = 'stdout' }: LogOptions): Promise<LogFormat> {
  if (json === true) return 'json';
  const hasPriorities = logTo === 'syslog' || (await isJournal(streamOf(logTo)));
  return logFormat ?? (hasPriorities ? 'journal' : 'text');
}

/** Whether a standard stream is one of journald, as that says (systemd.exec(5)). */
async function isJournal(fd: number): Promise<boolean> {
  try {
    const { dev, ino } = await statStandardStream(fd);
    return process.env['JOURNAL_STREAM'] === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

async function isFile(fd: number): Promise<boolean> {
  try {
    return (await statStandardStream(fd)).isFile();
  } catch {
    return false;
  }
}

/** Names of levels by the numbers that pino has for them. */
const LABELS: Readonly<Record<number, string>> = {
  20: 'DEBUG',
  30: 'INFO',
  40: 'WARN',
  50: 'ERROR',
};

/** Priorities of syslog (RFC 5424 §6.2.1) by the name of a level. */
const PRIORITIES: Readonly<Record<string, number>> = { ERROR: 3, WARN: 4, INFO: 6, DEBUG: 7 };

/** Writes messages for people. */
async function textDestination(
  destination: Destination,
  format: 'text' | 'journal',
  options: LogOptions,
): Promise<Destination> {
  const logTime = options.logTime ?? (await isFile(streamOf(options.logTo ?? 'stdout')));
  const { prettyFactory } = await import('pino-pretty');
  const beginning = (log: Readonly<Record<string, unknown>>, label: string): string => {
    if (format === 'journal') return `<${PRIORITIES[label] ?? PRIORITIES['INFO']}>`;
    return logTime ? `${String(log['time'])} ` : '';
  };
  const pretty = prettyFactory({
    colorize: colors.isColorSupported && format === 'text',
    hideObject: true,
    ignore: 'level,time',
    messageFormat(log) {
      const label = LABELS[Number(log['level'])] ?? 'INFO';
      return beginning(log, label) + lineFor(log, label);
    },
  });
  return { write: (message) => destination.write(pretty(message)) };
}

/** Fields that pino adds to every message. */
const OWN_FIELDS = ['level', 'time', 'msg'];

/**
 * Writes a message for people: `ready  router fc64::1  tun 6bed4`. It stays one line of text, whatever others
 * have put into its values.
 */
export function lineFor(log: Readonly<Record<string, unknown>>, level: string): string {
  const message = harmlessText(String(log['msg']));
  const fields = Object.entries(log)
    .filter(([name, value]) => !OWN_FIELDS.includes(name) && value !== null && value !== undefined)
    .map(([name, value]) => [name, harmlessText(textOf(value))] as const)
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
