import { defineConfig } from 'vitest/config';
import { kernelTestConfig } from '../../vitest.base.js';

const files = (...names: string[]): string[] => names.map((name) => `test/kernel/${name}.test.ts`);

/** Tests that measure load, throughput or delays under load. */
export const timed: string[] = files(
  'benchNet',
  'fastPath',
  'fleet',
  'interop',
  'interopDirect',
  'nat',
  'reports',
  'tcpFairness',
  'tcpTransfer',
  'transferFaults',
);

/** Tests that measure delays of what takes little of the processor. */
export const paired: string[] = files(
  'connectivity',
  'errors',
  'hostMoves',
  'largeDatagrams',
  'natFaults',
  'natInput',
  'process',
  'resilience',
  'soak',
  'status',
  'tcpClosing',
  'tcpPathErrors',
  'tcpPrograms',
);

/** One file after the other. */
export default defineConfig(kernelTestConfig('cli-timed', 30_000, { include: timed }));
