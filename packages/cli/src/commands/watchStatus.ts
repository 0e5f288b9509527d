import { statusIn } from '../control/findDaemons.js';
import { answeringDaemons, findNamed } from '../control/namedDaemons.js';
import { colors } from '../output/color.js';
import { print } from '../output/print.js';
import { RateHistory } from '../output/rates.js';
import { Screen } from '../output/screen.js';
import { type WatchedDaemon, watchView } from '../output/watchView.js';

const MS_PER_SECOND = 1000;
/** Width of what is no terminal. */
const PLAIN_COLUMNS = 80;

/** What to watch, and how. */
export interface WatchOptions {
  /** Undefined for all daemons. */
  readonly name: string | undefined;
  readonly json: boolean;
  /** Seconds from one look to the next. */
  readonly interval: number;
}

/** `6bed4 status --watch` */
export async function watchStatus(options: WatchOptions): Promise<void> {
  // Names that are wrong are told at once; daemons that end later are waited for.
  await answeringDaemons(options.name);
  const isTerminal = process.stdout.isTTY && process.env['TERM'] !== 'dumb' && !options.json;
  await (isTerminal ? watchOnScreen(options) : watchPlainly(options));
}

/** Looks at daemons again and again. */
class Watch {
  readonly #options: WatchOptions;
  readonly #histories = new Map<string, RateHistory>();

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  async look(): Promise<readonly WatchedDaemon[]> {
    const found = await findNamed(this.#options.name);
    const now = performance.now();
    const daemons = found.flatMap(({ name, path, answer }) => {
      if (answer.kind === 'dead') return [];
      const status = statusIn(answer);
      const history = this.#histories.get(path) ?? new RateHistory();
      this.#histories.set(path, history);
      if (status !== null) history.take(status, now);
      return [{ name, path, status, history }];
    });
    const paths = new Set(daemons.map(({ path }) => path));
    for (const path of this.#histories.keys()) if (!paths.has(path)) this.#histories.delete(path);
    return daemons;
  }
}

/** Calls an action now and at intervals, until the promise of the end resolves. */
async function repeat(
  interval: number,
  ended: Promise<void>,
  action: () => Promise<void>,
): Promise<void> {
  let isOver = false;
  const end = ended.then(() => {
    isOver = true;
  });
  while (!isOver) {
    const start = performance.now();
    await Promise.race([action(), end]);
    let timer: NodeJS.Timeout | undefined;
    const rest = Math.max(0, interval * MS_PER_SECOND - (performance.now() - start));
    await Promise.race([
      end,
      new Promise<void>((resolve) => {
        timer = setTimeout(resolve, rest);
      }),
    ]);
    clearTimeout(timer);
  }
}

async function watchOnScreen(options: WatchOptions): Promise<void> {
  const watch = new Watch(options);
  let daemons: readonly WatchedDaemon[] = [];
  let endNow = (): void => {};
  const ended = new Promise<void>((resolve) => {
    endNow = resolve;
  });
  const draw = (): void => {
    const { columns, rows } = screen.size;
    const lines = watchView(daemons, { columns, rows: rows - 2 });
    screen.draw([headLine(options, columns), '', ...(daemons.length > 0 ? lines : [WAITING])]);
  };
  const screen = new Screen({ input: process.stdin, output: process.stdout }, () => endNow(), draw);
  process.stdout.on('error', () => endNow());
  screen.open();
  try {
    await repeat(options.interval, ended, async () => {
      daemons = await watch.look();
      draw();
    });
  } finally {
    screen.close();
  }
}

const WAITING = '  no router or peer is running; waiting for one';

function headLine({ name, interval }: WatchOptions, columns: number): string {
  const left = `6bed4 status${name === undefined ? '' : ` ${name}`}, each ${interval} s`;
  const right = `${new Date().toLocaleTimeString('en-GB')}  q ends`;
  const gap = columns - left.length - right.length;
  return gap < 1 ? left.slice(0, columns) : colors.dim(left + ' '.repeat(gap) + right);
}

/** Without control sequences, for files, pipes and terminals that know none. */
async function watchPlainly(options: WatchOptions): Promise<void> {
  const watch = new Watch(options);
  const ended = new Promise<void>((resolve) => {
    process.stdout.on('error', () => resolve());
  });
  await repeat(options.interval, ended, async () => {
    const daemons = await watch.look();
    if (options.json) {
      for (const { status } of daemons) if (status !== null) print(JSON.stringify(status));
      return;
    }
    const size = { columns: PLAIN_COLUMNS, rows: Number.POSITIVE_INFINITY };
    const lines = daemons.length > 0 ? watchView(daemons, size) : [WAITING];
    print([new Date().toISOString(), ...lines, ''].join('\n'));
  });
}
