import fc from 'fast-check';
import { inject } from 'vitest';

const { file, propertyTime } = inject('engine');

// What the tests start is the same program; of a wrapper, the process knows only what it started.
if (file !== null) process.execPath = file;

// Each case was tried on the version that runs vitest; here, the first ones tell whether the engine differs.
fc.configureGlobal({
  ...fc.readConfigureGlobal(),
  interruptAfterTimeLimit: propertyTime,
  markInterruptAsFailure: false,
});
