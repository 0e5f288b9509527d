import { expect } from 'vitest';

// Programs that tests start find what their package depends on, whatever folder vitest runs in.
process.chdir(/^(.*)[\\/]test[\\/]/.exec(expect.getState().testPath!)![1]!);
