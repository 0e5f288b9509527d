import { defineConfig } from 'vitest/config';
import { kernelTestConfig } from '../../vitest.base.js';

const files = (...names: string[]): string[] => names.map((name) => `test/kernel/${name}.test.ts`);

/** Tests that measure load or throughput, or look at all daemons of the computer. */
export const timed: string[] = files(
  'benchNet',
  'fastPath',
  'fleet',
  'interop',
  'interopDirect',
  'largeDatagrams',
  'nat',
  'natFaults',
  'process',
  'reports',
  'soak',
  'status',
  'tcpFairness',
  'tcpTransfer',
  'transferFaults',
);

/** Tests that measure delays of what takes little of the processor. */
export const paired: string[] = files(
  'connectivity',
  'errors',
  'hostMoves',
  'natInput',
  'resilience',
  'tcpClosing',
  'tcpPathErrors',
  'tcpPrograms',
);

/** One file after the other. */
export default defineConfig(kernelTestConfig('cli-timed', 30_000, { include: timed }));
