import { Command } from 'commander';
import { fleetFiles } from '../../src/fleet/fleetFiles.js';
import { planFleet } from '../../src/fleet/planFleet.js';
import { addFleetOptions, type FleetFlags } from '../../src/options/fleetOptions.js';
import { nameRefusals } from '../../src/options/refusals.js';

/** What every router needs. */
export const NEEDED = [
  ...['--service', '192.0.2.1', '--as', '64512', '--own', '198.51.100.11'],
  ...['--upstream', '198.51.100.1,64500'],
] as const;

/** What a router with a native prefix needs besides. */
export const NATIVE = [
  ...['--prefix', '2001:db8:b::/64', '--own', '2001:db8:a::11'],
  ...['--upstream', '2001:db8:a::1,64500'],
] as const;

/** Everything that can be said. */
export const ALL = [
  ...NEEDED,
  ...NATIVE,
  ...['--upstream', '198.51.100.2,64501', '--upstream', '2001:db8:a::2,64501'],
  ...['--announce', '192.0.2.0/24', '--announce', '2001:db8:b::/48', '--router-id', '10.0.0.1'],
  ...['--hold-time', '30', '--ttl-security', '--default-route', '--route', '2000::/3'],
  ...['--workers', '4', '--metrics', '[2001:db8:a::11]:9469', '--dialect', 'draft04'],
] as const;

/** The flags of words as on the command line. */
export function flagsOf(words: readonly string[]): FleetFlags {
  const command = addFleetOptions(
    new Command('init').exitOverride().configureOutput({ writeErr: () => {} }),
  );
  nameRefusals(command);
  return command.parse([...words], { from: 'user' }).opts<FleetFlags>();
}

/** The files that words ask for, by path. */
export function filesOf(words: readonly string[]): Readonly<Record<string, string>> {
  const files = fleetFiles(planFleet(flagsOf(words)));
  return Object.fromEntries(files.map(({ path, text }) => [path, text]));
}
