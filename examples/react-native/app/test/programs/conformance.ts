import { driverTests } from '@6bed4/tunnel/conformance';
import { random } from '../../src/random';
import { udpDriverAt } from '../../src/udpDriver';
import { Platform } from '../fake/platform';
import { crashes } from '../fake/udpSockets';
import type { Test } from './checks';
import { sleep } from './engine';

/** The demands on drivers, on a system. */
export function conformanceTests(system: 'android' | 'ios'): readonly Test[] {
  return driverTests({ open: udpDriverAt('127.0.0.1'), sleep, random }).map(({ name, run }) => ({
    name: `${system}: ${name}`,
    run: async () => {
      Platform.OS = system;
      await run();
      if (crashes.length > 0) throw new Error(`a crash of the app: ${crashes.splice(0).join()}`);
    },
  }));
}
