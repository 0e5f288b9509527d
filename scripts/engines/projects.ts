import type { ViteUserConfig } from 'vitest/config';
import { BESIDE_WORKERS } from '../../vitest.base.js';
import { engineConfig } from './engineConfig.js';
import { portableName, versions } from './versions.js';

/** With this set, a version that is missing is a failure. */
const required = process.env['SIXBED4_REQUIRE_ENGINES'] === '1';

/** The unit suites of packages that know no platform. */
const portable = [
  'packages/{codec,nd,tcp,tunnel,gateway}/test/**/*.test.ts',
  'packages/simulator/test/!(programs)/**/*.test.ts',
];

/** The program that tries the built packages as users have them, and the examples that are one program. */
const inBrief = ['packages/node/test/runtimes.test.ts', 'examples/{demo,hello}/test/**/*.test.ts'];

/** For the oldest version, on which vitest promises nothing. */
const oldest = inBrief;

/** For versions between: what calls the modules of Node.js, and what has to do as they do. */
const between = [...inBrief, 'packages/node/test/{drivers,selection,socket,tcp}/**/*.test.ts'];

/** For the last but one: all but the command, of which what starts daemons. */
const lastButOne = [
  'packages/simulator/test/programs/**/*.test.ts',
  'packages/node/test/**/*.test.ts',
  'packages/cli/test/{commands/runDaemon,manners}.test.ts',
  'examples/{demo,hello,chat,sip-call}/test/**/*.test.ts',
];

/** Of the command, also what works with sockets, files, terminals and processes. */
const newest = [
  ...lastButOne,
  'packages/cli/test/{commands,control,metrics,process,proxy,relay,serve}/**/*.test.ts',
];

/**
 * Tested on one version: long computations in the language alone, tests that count the cases of a property, what V8 makes
 * of the code, what mostly waits of the command and of gateways, and a call in real time.
 */
const leftOut = [
  '**/test/{kernel,fuzz,hostile,properties,soak,attackers,beliefs,browser}/**',
  '**/test/hostile.test.ts',
  'packages/nd/test/allocation.test.ts',
  'packages/tcp/test/congestion/paths.test.ts',
  'packages/tunnel/test/peering/attacker.test.ts',
  'packages/simulator/test/{recovery,speed}.test.ts',
  'packages/cli/test/commands/{proxyCommand,endings,live}.test.ts',
  'packages/cli/test/hook/**',
  'packages/node/test/drivers/linux/compiledCode.test.ts',
  'packages/node/test/gateway/{attacks,slowWay}.test.ts',
  'examples/sip-call/test/{robustness,sip-call}.test.ts',
];

/** What the newest version does not show of its work with files makes virtual time go on too early. */
const unseenFiles = ['examples/chat/test/natMatrix.test.ts'];

/** Two for each version; what is portable needs no process of its own for each file. */
export const engineProjects: ViteUserConfig[] = versions.flatMap((version, index) => {
  const later = versions.length - 1 - index;
  const project = (name: string, include: string[], isolate: boolean): ViteUserConfig =>
    engineConfig(
      { ...version, name, required, propertyTime: 200, install: 'npm run engines' },
      {
        include,
        exclude: later === 0 ? [...leftOut, ...unseenFiles] : leftOut,
        isolate,
        testTimeout: 120_000,
        maxWorkers: BESIDE_WORKERS,
      },
    );
  const own = index === 0 ? oldest : ([newest, lastButOne][later] ?? between);
  return [project(version.name, own, true), project(portableName(version), portable, false)];
});
