import { COMMAND } from '../command.js';
import type { RunningProgram } from '../runningProgram.js';
import { addressesOf } from './interfaces.js';
import { ROUTER_IPV4 } from './internet.js';
import type { Lab } from './lab.js';

/** Values of the option `--driver`. */
export type Driver = 'auto' | 'linux' | 'portable';

/** The well-known port of the default profile. */
export const PORT = 25790;

/** A running peer, and the address and prefix length on its interface. */
export interface RunningPeer {
  readonly daemon: RunningProgram;
  readonly address: string;
  readonly prefixLength: number;
}

let driver: Driver = 'auto';

/** Chooses the driver of the daemons that are started from now on. */
export function useDriver(name: Driver): void {
  driver = name;
}

/** Command line of the command under test. */
export function command(...args: readonly string[]): string[] {
  const isDaemon = args[0] === 'router' || args[0] === 'peer';
  const needsDriver = isDaemon && !args.includes('--driver');
  return [process.execPath, COMMAND, ...args, ...(needsDriver ? ['--driver', driver] : [])];
}

/** Starts the router under test and waits until it works. */
export async function startRouter(
  lab: Lab,
  label: string,
  ...options: readonly string[]
): Promise<RunningProgram> {
  const daemon = lab.spawn(label, command('router', '--listen', ROUTER_IPV4, ...options));
  await daemon.waitForLine(/^ready/);
  return daemon;
}

/** Starts a peer under test and waits until it has an address. */
export async function startPeer(
  lab: Lab,
  label: string,
  ...options: readonly string[]
): Promise<RunningPeer> {
  const daemon = lab.spawn(label, command('peer', '--router', ROUTER_IPV4, ...options));
  await daemon.waitForLine(/^ready/);
  const [address, prefixLength] = (await addressesOf(lab, label))[0]?.split('/') ?? [];
  if (address === undefined) throw new Error(`${label} is ready without an address`);
  return { daemon, address, prefixLength: Number(prefixLength) };
}
