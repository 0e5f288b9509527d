import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { HIGHEST_SNAP_LENGTH, LEAST_SNAP_LENGTH, StartError } from '@6bed4/node';
import type { Command } from 'commander';
import type { CaptureRequest, CaptureSideName } from '../control/captureStream.js';
import { type ControlStream, requestStream } from '../control/controlClient.js';
import { answeringDaemons } from '../control/namedDaemons.js';
import { CAPTURE_SIDES, captureSide } from '../options/choices.js';
import { integer } from '../options/numbers.js';
import { UsageError } from '../options/usageError.js';

const EXAMPLES = `
Examples:
  # look on while it runs
  6bed4 capture - | tshark -r - -d udp.port==25790,ipv6
  # what programs send and receive, for Wireshark
  6bed4 capture --side inner --count 20 trace.pcapng
  # headers only, of the daemon with this interface, for five seconds
  6bed4 capture --snaplen 128 --duration 5 trace.pcapng 6bed4

Only the owner of a daemon may capture. The IPv4 and UDP headers of "outer" are made up of what the socket
tells, so a received TTL is not known. A file that exists is overwritten.`;

const STANDARD_OUTPUT = '-';
/** Traffic is nobody else's business. */
const FILE_MODE = 0o600;
const MOST = 2 ** 31;
const LONGEST = 86_400;
const MS_PER_SECOND = 1000;

interface CaptureFlags {
  readonly side?: CaptureSideName;
  readonly snaplen?: number;
  readonly count?: number;
  readonly duration?: number;
}

/** `6bed4 capture` */
export function addCaptureCommand(program: Command): void {
  program
    .command('capture')
    .summary('write the packets of a running router or peer, for Wireshark')
    .description(
      'Captures the packets of a running router or peer as pcapng, until Ctrl-C or its end.',
    )
    .argument('<FILE>', `file to write; ${STANDARD_OUTPUT} is standard output`)
    .argument(
      '[NAME]',
      'interface of a daemon, or path of its control socket; default: the only one',
    )
    .option('--side <S>', `${CAPTURE_SIDES}; default: outer`, captureSide)
    .option(
      '--snaplen <N>',
      'bytes of each packet to keep; default: all',
      integer(LEAST_SNAP_LENGTH, HIGHEST_SNAP_LENGTH),
    )
    .option('--count <N>', 'packets after which to end', integer(1, MOST))
    .option('--duration <S>', 'seconds after which to end', integer(1, LONGEST))
    .addHelpText('after', EXAMPLES)
    .action(capture);
}

async function capture(
  file: string,
  name: string | undefined,
  { side = 'outer', snaplen, count, duration }: CaptureFlags,
): Promise<void> {
  const isStandardOutput = file === STANDARD_OUTPUT;
  if (isStandardOutput && process.stdout.isTTY) {
    throw new UsageError('a terminal cannot show packets: name a file, or pipe into tshark -r -');
  }
  const path = await onlyDaemon(name);
  const request: CaptureRequest = {
    ...{ request: 'capture', side },
    ...{ snapLength: snaplen ?? null, count: count ?? null },
  };
  const stream = await requestStream(path, request);
  const output = isStandardOutput ? process.stdout : createWriteStream(file, { mode: FILE_MODE });
  const timer = duration === undefined ? undefined : setTimeout(end, duration * MS_PER_SECOND);
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  /** Lets the daemon send what is left; a second signal does not wait for that. */
  function end(): void {
    for (const signal of signals) process.off(signal, end);
    stream.socket.end();
  }
  for (const signal of signals) process.on(signal, end);
  try {
    await copy(stream, output, isStandardOutput ? null : file);
  } finally {
    clearTimeout(timer);
    for (const signal of signals) process.off(signal, end);
    stream.socket.destroy();
  }
}

/** The control socket of the daemon of this name, or of the only one. */
async function onlyDaemon(name: string | undefined): Promise<string> {
  const daemons = await answeringDaemons(name);
  if (daemons.length === 1) return daemons[0]!.path;
  const names = daemons.map((one) => one.name).join(', ');
  throw new StartError('EINVAL', `several are running: name one of ${names}`);
}

/**
 * Copies the capture to its end.
 *
 * @param file - null for standard output, whose reader may leave
 */
async function copy(
  { socket, first }: ControlStream,
  output: Writable,
  file: string | null,
): Promise<void> {
  const failed = new Promise<never>((_, reject) => {
    output.once('error', reject);
    socket.once('error', reject);
  });
  output.write(first);
  socket.pipe(output, { end: file !== null });
  const read = finished(socket, { writable: false });
  try {
    await Promise.race([read, failed]);
    if (file !== null) await Promise.race([finished(output), failed]);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (file === null && code === 'EPIPE') return;
    const what = file ?? 'standard output';
    throw new StartError(code ?? 'EIO', `${what} cannot be written: ${code ?? message}`);
  }
}
