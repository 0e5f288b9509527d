import type { Command } from 'commander';
import { DIALECTS, DRIVERS, dialect, driver, interfaceName, OFFLOADS, offloads } from './values.js';

/** The interface that a daemon makes unless it is told otherwise. */
export const DEFAULT_TUN = '6bed4';

/** Adds the options that routers and peers have in common. */
export function daemonOptions(command: Command): Command {
  return command
    .option('--tun <NAME>', `network interface to create; default: ${DEFAULT_TUN}`, interfaceName)
    .option('--no-tun', 'create no network interface; needs no privileges')
    .option('--driver <D>', `how packets are carried: ${DRIVERS}; default: auto`, driver)
    .option(
      '--offloads <O>',
      `what the kernel may do for the Linux driver: ${OFFLOADS}; default: all`,
      offloads,
    )
    .option('--dialect <D>', `${DIALECTS}; default: draft03`, dialect)
    .option('--control <PATH>', 'socket to answer "6bed4 status" on; default: in /run/6bed4')
    .option('--no-control', 'answer no "6bed4 status"')
    .option('--json', 'log one JSON object a line')
    .option('--verbose', 'log more');
}
