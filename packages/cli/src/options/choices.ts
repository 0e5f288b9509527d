import { dialectNames, draft02Profile, type Profile, profileOf } from '@6bed4/codec';
import {
  type DriverName,
  type InboundPolicy,
  type Offloads,
  parseInboundPolicy,
  type UplinkName,
} from '@6bed4/node';
import type { PeeringName } from '@6bed4/tunnel';
import type { CaptureSideName } from '../control/captureStream.js';
import type { LogFormat, LogPlace } from '../output/log.js';
import type { LogLevel } from '../output/logger.js';
import { refuse } from './refuse.js';

/* Parsers of options that take one of a few words. */

/** draft-02 shares the dialect of draft-03, but not its constants. */
const DRAFT02 = 'draft02';

export const DIALECTS: string = [...dialectNames, DRAFT02].sort().join(', ');

/** Parses the name of a dialect. */
export const dialect: (text: string) => Profile = withChoices(parseDialect, DIALECTS.split(', '));

function parseDialect(text: string): Profile {
  if (text === DRAFT02) return draft02Profile;
  const name = dialectNames.find((each) => each === text);
  return name === undefined ? refuse(text, `one of ${DIALECTS}`) : profileOf(name);
}

/** The name of a dialect that {@link dialect} parses. */
export function dialectName(profile: Profile): string {
  return profile === draft02Profile ? DRAFT02 : profile.dialect.name;
}

// The compiler compares each table of names with the type that it is for.
const STRATEGY_NAMES = {
  'via-router': true,
  'neighbor-discovery': true,
  'probe-and-seen': true,
} satisfies Record<PeeringName, true>;

const DRIVER_NAMES = { auto: true, linux: true, portable: true } satisfies Record<DriverName, true>;

const UPLINK_NAMES = { auto: true, udp: true, wss: true } satisfies Record<UplinkName, true>;

const OFFLOAD_NAMES = { none: true, udp: true, tun: true, all: true } satisfies Record<
  Offloads,
  true
>;

const SIDE_NAMES = { outer: true, inner: true, both: true } satisfies Record<CaptureSideName, true>;

const LEVEL_NAMES = { error: true, warn: true, info: true, debug: true } satisfies Record<
  LogLevel,
  true
>;

const FORMAT_NAMES = { text: true, json: true, journal: true } satisfies Record<LogFormat, true>;

const PLACE_NAMES = { stdout: true, stderr: true, syslog: true } satisfies Record<LogPlace, true>;

const SHELL_NAMES = { bash: true, zsh: true, fish: true } as const;

/** A shell that completions can be made for. */
export type Shell = keyof typeof SHELL_NAMES;

export const SHELLS = Object.keys(SHELL_NAMES) as readonly Shell[];

export const LOG_LEVELS: string = listOf(LEVEL_NAMES);
export const SHELL_LIST: string = listOf(SHELL_NAMES);
export const LOG_FORMATS: string = listOf(FORMAT_NAMES);
export const CAPTURE_SIDES: string = listOf(SIDE_NAMES);
export const LOG_PLACES: string = listOf(PLACE_NAMES);
export const STRATEGIES: string = listOf(STRATEGY_NAMES);
export const DRIVERS: string = listOf(DRIVER_NAMES);
export const OFFLOADS: string = listOf(OFFLOAD_NAMES);
export const UPLINKS: string = listOf(UPLINK_NAMES);

/** Parses the name of a peering strategy. */
export const strategy: (text: string) => PeeringName = oneOf(STRATEGY_NAMES);

/** Parses the side of a daemon that is captured. */
export const captureSide: (text: string) => CaptureSideName = oneOf(SIDE_NAMES);

/** Parses the name of a level of the log. */
export const logLevel: (text: string) => LogLevel = oneOf(LEVEL_NAMES);

/** Parses the name of a form of the log. */
export const logFormat: (text: string) => LogFormat = oneOf(FORMAT_NAMES);

/** Parses where a log goes. */
export const logPlace: (text: string) => LogPlace = oneOf(PLACE_NAMES);

/** Parses the name of a driver. */
export const driver: (text: string) => DriverName = oneOf(DRIVER_NAMES);

/** Parses the way to the Internet. */
export const uplink: (text: string) => UplinkName = oneOf(UPLINK_NAMES);

/** Parses the name of a shell. */
export const shell: (text: string) => Shell = oneOf(SHELL_NAMES);

/** Parses what the kernel may do for the Linux driver. */
export const offloads: (text: string) => Offloads = oneOf(OFFLOAD_NAMES);

/** Parses what may reach the services of this computer. */
export const inbound: (text: string) => InboundPolicy = (text) => parseInboundPolicy(text);

function listOf(names: object): string {
  return Object.keys(names).join(', ');
}

function oneOf<Name extends string>(names: Readonly<Record<Name, true>>): (text: string) => Name {
  const parse = (text: string): Name => {
    if (Object.hasOwn(names, text)) return text as Name;
    return refuse(text, `one of ${listOf(names)}`);
  };
  return withChoices(parse, Object.keys(names));
}

/** A parser that has the words among which its text must be, for completions. */
function withChoices<T extends object>(parse: T, choices: readonly string[]): T {
  return Object.assign(parse, { choices });
}

/** The words among which the text for a parser must be; none for other parsers. */
export function choicesOf(parse: object | undefined): readonly string[] {
  return (parse as { choices?: readonly string[] } | undefined)?.choices ?? [];
}
