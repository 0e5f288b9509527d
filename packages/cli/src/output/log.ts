import { harmlessText } from '../control/harmless.js';
import { programName } from '../process/programName.js';
import { colors } from './color.js';
import { createLogger, jsonLine, type Logger, type LogLevel, type LogRecord } from './logger.js';
import { LogSink, openStandardStream, STDERR, STDOUT, statStandardStream } from './logSink.js';
import { createRedaction } from './redact.js';
import { SyslogSink } from './syslogSink.js';

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
  const sink = await openSink(options.logTo ?? 'stdout', (lines, code) => {
    const why = code ?? 'lines came faster than they were read';
    logger.warn({ lines }, `${lines} lines of this log were lost: ${why}`);
  });
  const redacted = options.redact === true ? createRedaction() : (line: string): string => line;
  const toLine = await formatter(options);
  const logger = createLogger(levelOf(options), (record) => {
    sink.write(redacted(toLine(record, new Date())));
  });
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

/** The end of a log, which takes lines. */
interface Sink {
  readonly lost: number;
  write(line: string): void;
  close(within: number): Promise<void>;
}

async function openSink(
  place: LogPlace,
  onLost: (lines: number, code: string | null) => void,
): Promise<Sink> {
  if (place !== 'syslog') return new LogSink(await openStandardStream(streamOf(place)), onLost);
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

/** Priorities of syslog (RFC 5424 §6.2.1) by level. */
const PRIORITIES: Readonly<Record<LogLevel, number>> = { error: 3, warn: 4, info: 6, debug: 7 };

type Formatter = (record: LogRecord, time: Date) => string;

/** Writes messages as lines of a format, line feeds included. */
async function formatter(options: LogOptions): Promise<Formatter> {
  const format = await formatOf(options);
  if (format === 'json') return jsonLine;
  if (format === 'journal') {
    return (record) => `<${PRIORITIES[record.level]}>${lineFor(record)}\n`;
  }
  const logTime = options.logTime ?? (await isFile(streamOf(options.logTo ?? 'stdout')));
  return (record, time) => `${logTime ? `${time.toISOString()} ` : ''}${lineFor(record)}\n`;
}

/**
 * Writes a message for people: `ready  router fc64::1  tun 6bed4`. It stays one line of text, whatever others
 * have put into its values.
 */
export function lineFor({ level, fields, message: text }: LogRecord): string {
  const message = harmlessText(text);
  const values = Object.entries(fields)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => [name, harmlessText(textOf(value))] as const)
    // Values that the message contains already are not repeated.
    .filter(([, text]) => text !== '' && !message.includes(text))
    .map(([name, text]) => `${colors.dim(name)} ${text}`);
  return [`${markOf(level)}${emphasized(message, level)}`, ...values].join('  ');
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return listText(value.map(String));
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Values of several words need more between them than a space. */
function listText(values: readonly string[]): string {
  return values.join(values.some((one) => one.includes(' ')) ? ', ' : ' ');
}

function markOf(level: LogLevel): string {
  return level === 'warn' ? colors.yellow('warning: ') : '';
}

function emphasized(message: string, level: LogLevel): string {
  if (message === 'ready') return colors.green(message);
  return level === 'debug' ? colors.dim(message) : message;
}
