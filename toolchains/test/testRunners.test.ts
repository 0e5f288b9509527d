import { expect, test } from 'vitest';
import { describeTools, fileOf } from './support/scratch.js';

const JEST = fileOf('jest', 'bin/jest.js');
const PATIENCE = 120_000;
/** Tests in each project that are not one for each module. */
const OTHERS = { require: 2, import: 1 };

describeTools('the packed packages', (scratch) => {
  test(
    'are loaded by jest in its default, CommonJS',
    async () => {
      const { stdout } = await scratch.run('jest', [JEST, '--json', 'packages.test.js']);
      const { numPassedTests, numTotalTests } = JSON.parse(stdout);
      expect(numPassedTests).toBe(scratch.modules.length + OTHERS.require);
      expect(numTotalTests).toBe(numPassedTests);
    },
    PATIENCE,
  );

  test(
    'are loaded by jest as ES modules, as its documentation says',
    async () => {
      const { stdout } = await scratch.run(
        'jest',
        [JEST, '--json', '--testMatch', '**/*.test.mjs'],
        { NODE_OPTIONS: '--experimental-vm-modules' },
      );
      expect(JSON.parse(stdout).numPassedTests).toBe(scratch.modules.length + OTHERS.import);
    },
    PATIENCE,
  );

  test(
    'are loaded by vitest',
    async () => {
      const options = ['run', '--root', '.', '--config', 'vitest.config.mjs', '--reporter=json'];
      const { stdout } = await scratch.run('vitest', [fileOf('vitest', 'vitest.mjs'), ...options]);
      const { numPassedTests, numTotalTests } = JSON.parse(stdout);
      expect(numPassedTests).toBe(scratch.modules.length + OTHERS.import);
      expect(numTotalTests).toBe(numPassedTests);
    },
    PATIENCE,
  );
});
