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
// The first one always runs to its end, however long it takes: it may be a test that is no property.
const { now } = Date;
const propertyLimit: Parameters<typeof fc.installGlobalPlugin>[0] = () => {
  const end = now() + propertyTime;
  let runs = 0;
  return {
    decorateRun: (run) => (value) =>
      runs++ > 0 && now() >= end ? new fc.PreconditionFailure(true) : run(value),
  };
};
// Files may share modules; what is installed stays.
const INSTALLED = Symbol.for('6bed4.engines.propertyLimit');
if (!Reflect.has(fc.installGlobalPlugin, INSTALLED)) {
  Reflect.set(fc.installGlobalPlugin, INSTALLED, true);
  fc.installGlobalPlugin(propertyLimit);
}
