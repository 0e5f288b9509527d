import { performance } from 'node:perf_hooks';
import { cpuSeconds, memoryOf } from '../proc.mjs';
import { withSetting } from '../setting.mjs';
import { sleep } from '../sleep.mjs';

const SETTLE_MS = 1_000;
const IDLE_SECONDS = 3;

/** Milliseconds that Node.js takes to do nothing. */
async function startOfNode(lab) {
  const start = performance.now();
  await lab.exec('router', [process.execPath, '-e', '0']);
  return performance.now() - start;
}

/** CPU time and memory of idle daemons, and their time to start. */
export const footprint = {
  id: 'footprint',
  applies: ({ family }) => family === 'ours' || family === 'reference',
  async measure(lab, candidate, { short }) {
    const samples = { 'start/node': await startOfNode(lab) };
    await withSetting(
      (setting) => candidate.startPath(lab, setting, candidate.paths.at(-1)),
      async ({ programs, startUp }) => {
        await sleep(SETTLE_MS);
        const roles = Object.entries(programs).filter(([role]) => role !== 'right');
        const before = roles.map(([, { pid }]) => cpuSeconds(pid));
        const seconds = short ? 1 : IDLE_SECONDS;
        await sleep(seconds * 1000);
        for (const [index, [role, { pid }]] of roles.entries()) {
          const name = role === 'router' ? 'router' : 'peer';
          samples[`start/${name}`] = startUp[role];
          samples[`startTimes/${name}`] = startUp[role] / samples['start/node'];
          samples[`idle/${name}`] = (cpuSeconds(pid) - before[index]) / seconds;
          samples[`memory/${name}`] = memoryOf(pid).now;
        }
      },
    );
    return samples;
  },
};
