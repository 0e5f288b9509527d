import { addressTests } from './addresses';
import { runTests } from './checks';
import { conformanceTests } from './conformance';
import { runProgram } from './engine';
import { lifecycleTests } from './lifecycle';
import { transferTests } from './transfers';
import { tunTests } from './tun';

runProgram(() =>
  runTests([
    ...addressTests,
    ...conformanceTests('android'),
    ...conformanceTests('ios'),
    ...transferTests,
    ...lifecycleTests,
    ...tunTests,
  ]),
);
