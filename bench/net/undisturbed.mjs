import { cpuTimes } from './proc.mjs';

/** The share of CPU time that may go to other machines during a measurement. */
const TOLERABLE = 0.02;
const ATTEMPTS = 3;

/**
 * Measures, and again if a hypervisor gave too much of the time to other machines meanwhile.
 *
 * @param mayRepeat - otherwise the first attempt counts
 * @returns the samples of the attempt that was disturbed least, and the share of time that it lost
 */
export async function undisturbed(measure, mayRepeat) {
  let best = null;
  for (let attempt = 0; attempt < (mayRepeat ? ATTEMPTS : 1); attempt++) {
    const before = cpuTimes();
    const samples = await measure();
    const after = cpuTimes();
    const stolen = (after.stolen - before.stolen) / (after.all - before.all);
    if (best === null || stolen < best.stolen) best = { samples, stolen };
    if (stolen <= TOLERABLE) break;
  }
  return best;
}
