import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { dialects, InvalidArgumentError, type Profile } from '@6bed4/codec';
import { type DriverName, driverNames } from '../drivers/driverName.js';
import { type Libc, loadLibc } from '../drivers/kernel/libc.js';
import { bindRawLibc, type RawLibc } from '../drivers/kernel/rawLibc.js';
import { type Offloads, offloadNames } from '../drivers/linux/offloads.js';
import { workerFile } from '../drivers/linux/workerFile.js';
import { checkInterfaceName } from '../drivers/tun/tunDevice.js';
import { StartError } from '../errors.js';
import type { CommonOptions } from './options.js';

/** The driver to take, and with which parts. */
export type DriverChoice =
  | { readonly name: 'linux'; readonly libc: Libc; readonly offloads: Offloads }
  /** Batches of system calls in the thread of the program, which is the local side. */
  | {
      readonly name: 'embedded';
      readonly libc: Libc;
      readonly rawLibc: RawLibc;
      readonly offloads: Offloads;
    }
  | { readonly name: 'portable'; readonly reason: string | null };

/**
 * Chooses a driver for a daemon.
 *
 * @throws InvalidArgumentError for names that are none, and when another option rules out the Linux
 * driver, which is wanted
 * @throws StartError with code `ENOTSUP` when the Linux driver is wanted and cannot work here
 */
export async function chooseDriver(
  options: CommonOptions,
  profile: Profile,
  /** Another reason against the Linux driver with an interface; null for none. */
  reason: string | null = null,
): Promise<DriverChoice> {
  const driver = options.driver ?? 'auto';
  checkName('driver', driver, driverNames);
  const offloads = options.offloads ?? 'all';
  checkName('offloads', offloads, offloadNames);
  if (typeof options.tun === 'string') checkInterfaceName(options.tun);
  if (driver === 'portable') return { name: 'portable', reason: null };
  const { tun = false, datagrams, environment } = options;
  if (environment !== undefined) return { name: 'portable', reason: null };
  if (tun === false && datagrams === undefined) return chooseEmbedded(driver, offloads);
  const conflict = conflictWith(options, profile) ?? reason;
  if (conflict !== null) {
    if (driver === 'linux')
      throw new InvalidArgumentError('driver', `linux, though ${conflict}`, 'portable or auto');
    return { name: 'portable', reason: conflict };
  }
  try {
    requireWorker();
    return { name: 'linux', libc: await loadLibc(), offloads };
  } catch (error) {
    if (!(error instanceof StartError) || driver === 'linux') throw error;
    return { name: 'portable', reason: error.message };
  }
}

/** Without TUN, there is no need for a thread of its own, nor for a privilege. */
async function chooseEmbedded(driver: DriverName, offloads: Offloads): Promise<DriverChoice> {
  try {
    requireNode();
    const [libc, rawLibc] = await Promise.all([loadLibc(), bindRawLibc()]);
    return { name: 'embedded', libc, rawLibc, offloads };
  } catch (error) {
    if (!(error instanceof StartError) || driver === 'linux') throw error;
    return { name: 'portable', reason: error.message };
  }
}

/** Others do not let a descriptor be watched. @throws StartError */
function requireNode(): void {
  const { bun, deno } = process.versions;
  if (bun === undefined && deno === undefined) return;
  throw new StartError('ENOTSUP', 'the Linux driver needs Node.js');
}

/** A program that was bundled into one file may lack it. @throws StartError */
function requireWorker(): void {
  let path: string;
  try {
    path = fileURLToPath(workerFile());
  } catch (cause) {
    throw new StartError('ENOTSUP', 'the Linux driver cannot find its own files', { cause });
  }
  if (!existsSync(path)) {
    throw new StartError('ENOTSUP', `the Linux driver needs the file ${path}, which is missing`);
  }
}

/** The option, if any, that keeps the Linux driver from being used. */
function conflictWith(options: CommonOptions, profile: Profile): string | null {
  const { datagrams, random, clock } = options;
  if (datagrams !== undefined) return 'a UDP port of another kind is given';
  if (random !== undefined) return 'random numbers are given';
  if (clock !== undefined) return 'a clock is given';
  const dialect = dialects[profile.dialect.name];
  if (profile.layout !== dialect.layout) return 'an address layout is given';
  if (profile.dialect !== dialect) return 'another dialect is given';
  return null;
}

function checkName(option: string, found: string, names: readonly string[]): void {
  if (names.includes(found)) return;
  throw new InvalidArgumentError(option, JSON.stringify(found), `one of ${names.join(', ')}`);
}
