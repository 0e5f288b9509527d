import type { Profile } from '@6bed4/codec';
import type { DriverName, InboundPolicy, Offloads } from '@6bed4/node';
import type { Command } from 'commander';
import type { ControlFlags } from '../control/openControl.js';
import type { LogOptions } from '../output/log.js';
import {
  DIALECTS,
  DRIVERS,
  dialect,
  driver,
  inbound,
  LOG_FORMATS,
  LOG_LEVELS,
  LOG_PLACES,
  logFormat,
  logLevel,
  logPlace,
  OFFLOADS,
  offloads,
} from './choices.js';
import { type ListenAddress, listenAddress } from './listenAddress.js';

/** Default name of the interface of a daemon. */
export const DEFAULT_TUN = '6bed4';

/** What a daemon does on signals, for `--help`. */
export const SIGNALS = `
Signals: SIGINT, SIGTERM and SIGQUIT end it cleanly, a second one at once; so does SIGHUP if a standard
stream is a terminal, and otherwise it reads the file of --config again. SIGUSR1 logs the counters
and drains a router, as does "6bed4 drain"; SIGUSR2 switches --verbose on and off.`;

/** Options of all commands that run until they are ended, as parsed. */
export interface CommonFlags extends LogOptions, ControlFlags {
  readonly metrics?: ListenAddress;
  readonly dialect?: Profile;
  readonly allowPrivate?: boolean;
  readonly allowLoopback?: boolean;
}

/** Options of both routers and peers, as parsed. */
export interface DaemonFlags extends CommonFlags {
  readonly tun?: string | false;
  readonly inbound?: InboundPolicy;
  readonly driver?: DriverName;
  readonly offloads?: Offloads;
}

/** Adds the options that routers and peers have in common. */
export function addDaemonOptions(command: Command): Command {
  command
    .option('--tun <NAME>', `network interface to create; default: ${DEFAULT_TUN}`)
    .option('--no-tun', 'create no network interface; needs no privileges')
    .option(
      '--inbound <WHAT>',
      'what reaches services of this computer: open, established, or tcp:22,udp:5060-5061; default: open',
      inbound,
    )
    .option('--driver <D>', `how packets are carried: ${DRIVERS}; default: auto`, driver)
    .option(
      '--offloads <O>',
      `what the kernel may do for the Linux driver: ${OFFLOADS}; default: all`,
      offloads,
    );
  return addCommonOptions(command);
}

/** Adds the options of all commands that run until they are ended. */
export function addCommonOptions(command: Command): Command {
  return command
    .option('--dialect <D>', `${DIALECTS}; default: draft03`, dialect)
    .option('--allow-private', 'exchange datagrams with private IPv4 addresses')
    .option('--no-allow-private', 'exchange none; default: a peer does, a router if it is private')
    .option(
      '--allow-loopback',
      'exchange datagrams with 127.0.0.0/8; default: if a router is there',
    )
    .option('--control <PATH>', 'socket to answer "6bed4 status" on; default: in /run/6bed4')
    .option('--no-control', 'do not open a status socket')
    .option(
      '--metrics <ADDRESS:PORT>',
      'answer Prometheus there, such as 127.0.0.1:9469; default: not',
      listenAddress,
    )
    .option('--json', 'log one JSON object a line')
    .option('--verbose', 'log debugging details')
    .option('--log-level <L>', `least important level: ${LOG_LEVELS}; default: info`, logLevel)
    .option(
      '--log-format <F>',
      `form of the log: ${LOG_FORMATS}; default: journal under journald and for syslog, else text`,
      logFormat,
    )
    .option('--log-to <WHERE>', `where to log: ${LOG_PLACES}; default: stdout`, logPlace)
    .option('--log-time', 'begin lines of text with the time; default: in files')
    .option('--no-log-time', 'never do')
    .option('--redact', 'replace addresses in the log by names that say nothing');
}
