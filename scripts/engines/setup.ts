import fc from 'fast-check';
import { afterAll, inject } from 'vitest';

const { file, propertyTime } = inject('engine');

// What the tests start is the same program; of a wrapper, the process knows only what it started.
if (file !== null) process.execPath = file;

// Newer versions warn of more delays that no timer can have.
function refuseTimers(warning: Error): void {
  if (/^Timeout.*Warning$/.test(warning.name)) throw warning;
}
process.on('warning', refuseTimers);
afterAll(() => void process.off('warning', refuseTimers));

// Each case was tried on the version that runs vitest; here, the first ones tell whether the engine differs.
fc.configureGlobal({
  ...fc.readConfigureGlobal(),
  interruptAfterTimeLimit: propertyTime,
  markInterruptAsFailure: false,
});
