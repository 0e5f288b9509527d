import { InvalidArgumentError } from '@6bed4/codec';
import { Command } from 'commander';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import {
  addConfigurable,
  type FlagSource,
  setCommandSource,
} from '../../src/config/configurable.js';
import { integer } from '../../src/options/numbers.js';
import { nameRefusals } from '../../src/options/refusals.js';
import { repeated } from '../../src/options/repeated.js';
import { ConfigFolder } from '../support/configuration.js';

type Flags = Readonly<Record<string, unknown>>;

const idle = { check: () => {}, run: () => Promise.resolve() };

const folder = new ConfigFolder();
afterAll(() => folder.remove());

describe('a command with a configuration file', () => {
  let ran: { flags: Flags; source: FlagSource<Flags> | null }[];
  let failure: Error | null;
  let names: readonly string[] | null;
  let asked: string[];
  beforeEach(() => {
    ran = [];
    failure = null;
    names = null;
    asked = [];
  });

  async function run(...args: readonly string[]): Promise<Flags> {
    const program = new Command('6bed4').exitOverride();
    const command = program
      .command('peer')
      .argument('[WHAT...]', 'what', repeated(String))
      .option('--port <N>', '', integer(1, 10))
      .option('--router <R>', '', repeated(String))
      .option('--tun <NAME>')
      .option('--no-tun')
      .option('--no-adaptive')
      .option('--verbose');
    addConfigurable<Flags>(command, {
      check: ({ port }) => {
        if (port === 7) throw new InvalidArgumentError('port', '7', 'a luckier number');
      },
      run: (flags, source) => {
        ran.push({ flags, source });
        return failure === null ? Promise.resolve() : Promise.reject(failure);
      },
    });
    nameRefusals(program);
    if (names !== null) {
      const add = async (name: string): Promise<void> => {
        asked.push(name);
        if (name === 'known') addConfigurable(program.command(name).option('--size <N>'), idle);
      };
      setCommandSource(program, { names, add });
    }
    await program.parseAsync(['peer', ...args], { from: 'user' });
    return ran[0]!.flags;
  }

  test('loads the commands of other tables, and passes over those that it cannot load', async () => {
    names = ['peer', 'known', 'elsewhere'];
    const tables = ['[known]', 'size = 1', '[elsewhere]', 'size = 2', '[peer]', 'port = 5'];
    expect(await run('--config', folder.write(...tables))).toMatchObject({ port: 5 });
    expect(asked).toEqual(['known', 'elsewhere']);
  });

  test('checks the tables of commands that it loads, and refuses those that are none', async () => {
    names = ['peer', 'known'];
    const faulty = folder.write('[peer]', '[known]', 'sice = 1');
    await expect(run('--config', faulty)).rejects.toThrow(`${faulty}:3: found sice, expected`);
    const strange = folder.write('[peer]', '[strange]');
    await expect(run('--config', strange)).rejects.toThrow(
      `${strange}:2: found [strange], expected one of [peer], [known]`,
    );
    expect(asked).toEqual(['known']);
  });

  test('has the options of the file, and the defaults', async () => {
    const path = folder.write('[peer]', 'port = 5', 'router = ["a", "b"]', 'what = "x"');
    expect(await run('--config', path)).toEqual({
      ...{ config: path, port: 5, router: ['a', 'b'], what: ['x'], adaptive: true },
    });
  });

  test('has those of the command line rather, whole lists as well', async () => {
    const path = folder.write(
      ...['[peer]', 'port = 5', 'router = ["a", "b"]', 'what = "x"', 'tun = false'],
      ...['adaptive = true', 'verbose = true'],
    );
    expect(
      await run(
        ...['--router', 'c', '--port', '6', '--tun', 'bed0', '--no-adaptive', 'y', 'z'],
        ...['--config', path],
      ),
    ).toEqual({
      ...{ config: path, port: 6, router: ['c'], what: ['y', 'z'], tun: 'bed0' },
      ...{ adaptive: false, verbose: true },
    });
  });

  test('has only those of the command line without a file', async () => {
    expect(await run('--port', '6')).toEqual({ port: 6, adaptive: true });
    expect(ran[0]!.source).toBeNull();
  });

  test('does not run when the file is faulty, or has nothing for it', async () => {
    await expect(run('--config', folder.write('[peer]', 'port = 11'))).rejects.toThrow(
      `${folder.path}:2: port: found "11", expected an integer from 1 to 10`,
    );
    await expect(run('--config', folder.write('[peer]', 'port = 7'))).rejects.toThrow(
      `${folder.path}:2: port: found 7, expected a luckier number`,
    );
    await expect(run('--config', folder.file('none'))).rejects.toThrow('there is no such file');
    expect(ran).toEqual([]);
  });

  test('names the line of what is refused only when it runs', async () => {
    const path = folder.write('[peer]', '', 'port = 5');
    failure = new InvalidArgumentError('port', '5', 'another one');
    await expect(run('--config', path)).rejects.toThrow(
      `${path}:3: port: found 5, expected another`,
    );
    // On the command line it has no line.
    await expect(run('--config', path, '--port', '5')).rejects.toBe(failure);
  });

  test('reads the file again with the same command line', async () => {
    const path = folder.write('[peer]', 'port = 5', 'router = "a"');
    await run('--config', path, '--router', 'c');
    const { source } = ran[0]!;
    folder.write('[peer]', 'port = 6', 'verbose = true');
    expect(await source!.read()).toEqual({
      ...{ config: path, port: 6, router: ['c'], verbose: true, adaptive: true },
    });
    folder.write('[peer]', 'port = 7');
    await expect(source!.read()).rejects.toThrow(`${path}:2: port: found 7`);
  });
});
