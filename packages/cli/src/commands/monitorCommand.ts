import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import { type ControlStream, requestStream } from '../control/controlClient.js';
import type { DaemonEvent } from '../control/daemonEvents.js';
import { harmless } from '../control/harmless.js';
import { answeringDaemons } from '../control/namedDaemons.js';
import { eventLine } from '../output/eventLine.js';
import { print } from '../output/print.js';

const EXAMPLES = `
Examples:
  # addresses, paths and routers of all daemons, as they change
  6bed4 monitor
  # the paths that become direct
  6bed4 monitor --json | jq -c 'select(.event == "path" and .path == "direct")'

It ends with the daemons, or by Ctrl-C.`;

interface MonitorFlags {
  readonly json?: boolean;
}

/** `6bed4 monitor` */
export function addMonitorCommand(program: Command): void {
  program
    .command('monitor')
    .summary('print what happens to running routers and peers')
    .description(
      'Prints a line for each change of addresses, paths, routers and interfaces, and for each error.',
    )
    .argument('[NAME]', 'interface of a daemon, or path of its control socket; default: all')
    .option('--json', 'print one JSON object a line')
    .addHelpText('after', EXAMPLES)
    .action(monitor);
}

async function monitor(name: string | undefined, { json = false }: MonitorFlags): Promise<void> {
  const daemons = await answeringDaemons(name);
  const streams = await Promise.all(
    daemons.map(async (daemon) => {
      const stream = await requestStream(daemon.path, { request: 'monitor' });
      return { name: daemon.name, stream };
    }),
  );
  // Nobody reads it any more.
  process.stdout.on('error', () => {
    for (const { stream } of streams) stream.socket.destroy();
  });
  const isNamed = streams.length > 1;
  await Promise.all(
    streams.map(({ name: daemon, stream }) =>
      printEvents(stream, (event) => {
        if (json) print(JSON.stringify({ daemon, ...event }));
        else print(isNamed ? `${daemon}  ${eventLine(event)}` : eventLine(event));
      }),
    ),
  );
}

/** Hands over the events of a daemon until it ends. */
async function printEvents(
  { socket, first }: ControlStream,
  onEvent: (event: DaemonEvent) => void,
): Promise<void> {
  const lines = new PassThrough();
  lines.write(first);
  socket.on('error', () => {});
  socket.once('close', () => lines.end());
  socket.once('end', () => socket.end());
  socket.pipe(lines);
  for await (const line of createInterface({ input: lines })) {
    const event = eventIn(line);
    if (event !== null) onEvent(event);
  }
}

/** The event of a line; null for one that a killed daemon has begun. */
function eventIn(line: string): DaemonEvent | null {
  try {
    return harmless(JSON.parse(line));
  } catch {
    return null;
  }
}
