import { cpuTimes } from './proc.mjs';
import { sleep } from './sleep.mjs';

/** The share of CPU time that may go to other machines during a measurement. */
const TOLERABLE_THEFT = 0.02;
/** The share of CPU time that other programs may take right before and after a measurement. */
const TOLERABLE_LOAD = 0.1;
const ATTEMPTS = 3;
/** For how long to look at the load, in milliseconds; ticks are of 10. */
const LOOK_MS = 300;

/** The share of CPU time that is taken while nothing is measured. */
async function loadOfOthers() {
  const before = cpuTimes();
  await sleep(LOOK_MS);
  const after = cpuTimes();
  return 1 - (after.idle - before.idle) / (after.all - before.all);
}

/**
 * Measures, and again if a hypervisor gave too much of the time to other machines meanwhile, or other programs ran
 * right before or after.
 *
 * @param mayRepeat - otherwise the first attempt counts
 * @returns the samples of the attempt that was disturbed least, the shares of time that it lost, and whether they were
 * too large
 */
export async function undisturbed(measure, mayRepeat) {
  let best = null;
  for (let attempt = 0; attempt < (mayRepeat ? ATTEMPTS : 1); attempt++) {
    const loadBefore = await loadOfOthers();
    const before = cpuTimes();
    const samples = await measure();
    const after = cpuTimes();
    const load = Math.max(loadBefore, await loadOfOthers());
    const stolen = (after.stolen - before.stolen) / (after.all - before.all);
    const disturbed = stolen > TOLERABLE_THEFT || load > TOLERABLE_LOAD;
    if (best === null || stolen + load < best.stolen + best.load) {
      best = { samples, stolen, load, disturbed };
    }
    if (!disturbed) break;
  }
  return best;
}
