import { fork } from 'node:child_process';
import { loadavg } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import Table from 'cli-table3';
import { median } from '../net/statistics.mjs';

const FULL = { rounds: 25, duration: 250, warmUp: 1_000 };
const QUICK = { rounds: 7, duration: 100, warmUp: 300 };
const BITS = 1200 * 8;

const PATHS = ['plain', 'relay', 'direct', 'router'];
const TITLES = {
  plain: 'node:dgram on ::1',
  relay: 'node:dgram on ::1, by a relay',
  direct: 'tunnel to tunnel, direct',
  router: 'tunnel to tunnel, by a router',
};
/** What each is to reach by a router, to another path of the same process and round. */
const DRIVERS = [
  { title: 'native calls', driver: 'auto', isNative: true, target: 1, to: 'plain' },
  { title: 'portable driver', driver: 'portable', isNative: true, target: 0.9, to: 'plain' },
  { title: 'node:dgram only', driver: 'portable', isNative: false, target: 0.9, to: 'relay' },
];

class Child {
  #process;
  #take = null;
  #refuse = null;

  /** @param file - beside this one */
  constructor(file, options) {
    const path = fileURLToPath(new URL(file, import.meta.url));
    this.#process = fork(path, [JSON.stringify(options)], { stdio: 'inherit' });
    this.#process.on('message', (message) => this.#take?.(message));
    this.#process.once('exit', () => this.#refuse?.(new Error(`${file} ended early`)));
  }

  /** What it sends next. */
  next() {
    return new Promise((take, refuse) => {
      this.#take = take;
      this.#refuse = refuse;
    });
  }

  ask(question) {
    const answer = this.next();
    this.#process.send(question);
    return answer;
  }

  stop() {
    this.#process.kill();
  }
}

/** The processes for one driver of one build: a router, and one with both ends. */
class Setting {
  /** By path, samples in the order of the rounds. */
  samples = { plain: [], relay: [], direct: [], router: [] };
  #ends;
  #router;
  #relay;

  constructor(build, driver) {
    Object.assign(this, { build, ...driver });
  }

  async start() {
    const { driver, isNative } = this;
    const dist = this.build.url;
    this.#router = new Child('router.mjs', { dist });
    const router = await this.#router.next();
    this.#relay = new Child('relay.mjs', {});
    const relay = await this.#relay.next();
    this.#ends = new Child('ends.mjs', { dist, driver, isNative, router, relay });
    await this.#ends.next();
  }

  async measure(path, duration) {
    const before = await this.#router.ask('counts');
    const { datagrams, milliseconds, processor } = await this.#ends.ask({ path, duration });
    const after = await this.#router.ask('counts');
    const isRelayed = after.datagrams - before.datagrams >= datagrams;
    if (isRelayed !== (path === 'router'))
      throw new Error(`${TITLES[path]}: another path was taken`);
    return {
      perSecond: (datagrams / milliseconds) * 1_000,
      processor: processor / datagrams,
      routing: path === 'router' ? (after.processor - before.processor) / datagrams : 0,
    };
  }

  stop() {
    this.#ends?.stop();
    this.#relay?.stop();
    this.#router?.stop();
  }

  /** How often a figure is that of another path in the same round: the median. */
  ratio(path, figure, to = 'plain') {
    const others = this.samples[to];
    return median(this.samples[path].map((one, round) => figure(one) / figure(others[round])));
  }

  rows() {
    return PATHS.map((path) => {
      const rates = this.samples[path].map(({ perSecond }) => perSecond);
      const both = this.samples[path].map(({ processor }) => processor);
      return {
        build: this.build.name,
        driver: this.title,
        path: TITLES[path],
        perSecond: median(rates),
        least: Math.min(...rates),
        most: Math.max(...rates),
        megabits: (median(rates) * BITS) / 1e6,
        ratio: this.ratio(path, ({ perSecond }) => perSecond),
        relayRatio:
          path === 'router' ? this.ratio(path, ({ perSecond }) => perSecond, 'relay') : null,
        target: path === 'router' ? this.target : null,
        targetTo: this.to,
        processor: median(both),
        processorRatio: this.ratio(path, ({ processor }) => processor),
        routing: median(this.samples[path].map(({ routing }) => routing)),
        samples: this.samples[path],
      };
    });
  }
}

/**
 * Measures all paths with all drivers in turns, and prints it.
 *
 * @returns whether this build reaches its targets
 */
export async function measureRates({ quick, json, dist }) {
  const { rounds, duration, warmUp } = quick ? QUICK : FULL;
  const builds = [{ name: 'this', url: import.meta.resolve('@6bed4/node') }];
  if (dist !== undefined) builds.unshift({ name: dist, url: pathToFileURL(resolve(dist)).href });
  const settings = builds.flatMap((build) => DRIVERS.map((driver) => new Setting(build, driver)));
  const load = loadavg()[0];
  try {
    for (const setting of settings) await setting.start();
    for (const setting of settings) {
      for (const path of PATHS) await setting.measure(path, warmUp);
    }
    for (let round = 0; round < rounds; round++) {
      for (const path of PATHS) {
        for (const setting of settings) {
          setting.samples[path].push(await setting.measure(path, duration));
        }
      }
    }
  } finally {
    for (const setting of settings) setting.stop();
  }
  const rows = settings.flatMap((setting) => setting.rows());
  if (json) console.log(JSON.stringify({ rounds, duration, load, rows }, null, 2));
  else print(rows, { rounds, load }, builds.length > 1);
  return rows.every(
    ({ build, ratio, relayRatio, target, targetTo }) =>
      build !== 'this' || target === null || (targetTo === 'relay' ? relayRatio : ratio) >= target,
  );
}

function print(rows, { rounds, load }, hasBuilds) {
  const head = [
    'driver',
    'sockets',
    'per second',
    'Mbit/s',
    'lowest',
    'highest',
    'ratio',
    'of relay',
  ];
  head.push('target', 'µs each', 'ratio', 'µs of router');
  const table = new Table({
    head: hasBuilds ? ['build', ...head] : head,
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) {
    const cells = [
      row.driver,
      row.path,
      Math.round(row.perSecond),
      Math.round(row.megabits),
      Math.round(row.least),
      Math.round(row.most),
      row.ratio.toFixed(2),
      row.relayRatio?.toFixed(2) ?? '',
      row.target === null ? '' : `>= ${row.target}${row.targetTo === 'relay' ? ' of relay' : ''}`,
      row.processor.toFixed(1),
      row.processorRatio.toFixed(2),
      row.routing === 0 ? '' : row.routing.toFixed(1),
    ];
    table.push(hasBuilds ? [row.build, ...cells] : cells);
  }
  console.log(
    'Datagrams of 1200 bytes, one way, both ends in one process, the router in another. Medians of',
    `${rounds} rounds in turns, and of ratios to node:dgram in the same process and round.`,
    `Load at the start: ${load.toFixed(1)}\n`,
  );
  console.log(table.toString());
}
