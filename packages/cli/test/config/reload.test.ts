import { StartError } from '@6bed4/node';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Changes, Reloader } from '../../src/config/reload.js';
import type { CommonFlags } from '../../src/options/daemonOptions.js';
import { UsageError } from '../../src/options/usageError.js';
import type { Logger } from '../../src/output/logger.js';

interface Flags extends CommonFlags {
  readonly router?: readonly string[];
  readonly port?: number;
}

describe('a reload', () => {
  let lines: string[];
  let done: string[];
  let next: Flags | Error;
  let failure: Error | null;
  let reloader: Reloader<Flags, string>;

  beforeEach(() => {
    lines = [];
    done = [];
    failure = null;
    const logged =
      (level: string) =>
      (first: unknown, message = ''): void => {
        lines.push(typeof first === 'string' ? `${level} ${first}` : `${level} ${message}`);
        if (typeof first !== 'string') lines.push(JSON.stringify(first));
      };
    const log = { info: logged('info'), warn: logged('warn'), error: logged('error') };
    const changes: Changes<Flags, string> = {
      router: async (daemon, { router }) => {
        await Promise.resolve();
        if (failure !== null) throw failure;
        done.push(`${daemon} router ${router!.join(' ')}`);
      },
    };
    const source = {
      path: 'FILE',
      read: () => (next instanceof Error ? Promise.reject(next) : Promise.resolve(next)),
    };
    reloader = new Reloader(
      { source, changes },
      { logLevel: (_, { logLevel }) => void done.push(`level ${logLevel}`) },
      { router: ['a'], port: 1, logLevel: 'info' },
      log as unknown as Logger,
    );
  });

  const reload = (flags: Flags | Error): Promise<void> => {
    next = flags;
    return reloader.reload('daemon');
  };

  test('changes what is different, and nothing else', async () => {
    await reload({ router: ['a', 'b'], port: 1, logLevel: 'info' });
    expect(done).toEqual(['daemon router a b']);
    expect(lines).toEqual([
      'info configuration read again',
      '{"file":"FILE","changed":["router"]}',
    ]);
    await reload({ router: ['a', 'b'], port: 1, logLevel: 'warn' });
    expect(done).toEqual(['daemon router a b', 'level warn']);
  });

  test('notices an option that is gone', async () => {
    await reload({ router: ['a'], port: 1 });
    expect(done).toEqual(['level undefined']);
  });

  test('says each time what needs a restart', async () => {
    for (let count = 0; count < 2; count++)
      await reload({ router: ['a'], port: 2, logLevel: 'info' });
    expect(lines.filter((line) => line.startsWith('warn'))).toEqual([
      'warn needs a restart: port',
      'warn needs a restart: port',
    ]);
    // As it was, so that there is nothing to restart for.
    await reload({ router: ['a'], port: 1, logLevel: 'info' });
    expect(lines.filter((line) => line.startsWith('warn'))).toHaveLength(2);
  });

  test('of a faulty file changes nothing and says so', async () => {
    await reload(new UsageError('FILE:3: port: found "x"'));
    expect(done).toEqual([]);
    expect(lines).toEqual(['error the configuration stays as it was: FILE:3: port: found "x"']);
  });

  test('leaves an option that cannot be changed as it was, and tries again the next time', async () => {
    failure = new StartError('EADDRINUSE', 'in use');
    await reload({ router: ['b'], port: 1, logLevel: 'warn' });
    expect(lines[0]).toBe('error router stays as it was: in use');
    expect(done).toEqual(['level warn']);
    failure = null;
    await reload({ router: ['b'], port: 1, logLevel: 'warn' });
    expect(done).toEqual(['level warn', 'daemon router b']);
  });

  test('comes after the one before', async () => {
    next = { router: ['b'], port: 1, logLevel: 'info' };
    const first = reloader.reload('daemon');
    const second = reloader.reload('daemon');
    await Promise.all([first, second]);
    expect(done).toEqual(['daemon router b']);
  });
});
