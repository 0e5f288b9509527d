import { defineConfig } from 'vitest/config';
import { kernelTestConfig } from '../../vitest.base.js';

/** Tests that measure time or load, or look at all daemons of the computer. */
export const timed: string[] = [
  'benchNet',
  'connectivity',
  'errors',
  'fastPath',
  'hostMoves',
  'interop',
  'interopDirect',
  'largeDatagrams',
  'nat',
  'natFaults',
  'natInput',
  'process',
  'reports',
  'resilience',
  'soak',
  'status',
  'tcpClosing',
  'tcpFairness',
  'tcpPathErrors',
  'tcpPrograms',
  'tcpTransfer',
  'transferFaults',
].map((name) => `test/kernel/${name}.test.ts`);

/** One file after the other. */
export default defineConfig(kernelTestConfig('cli-timed', 30_000, { include: timed }));
