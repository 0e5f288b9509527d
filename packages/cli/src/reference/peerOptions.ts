import { dialectNames, dialects } from '@6bed4/codec';
import { UsageError } from '../options/usageError.js';
import {
  givenValue,
  isAmong,
  type ReferenceCommand,
  type ReferenceOption,
  valueAmong,
} from './optionTable.js';
import { interfaceOfDevice, isDevicePath } from './tunDevice.js';

/** The router of the public service that the C peer asks unless told otherwise. */
const PUBLIC_ROUTER = '145.136.0.1';
/** Seconds and TTL of the keepalives of the C peer. */
const KEEPALIVE = '30,3';
const NUMBER = /^[0-9]+$/;

const OPTIONS: readonly ReferenceOption[] = [
  {
    short: 's',
    long: ['v4server'],
    value: 'v4addr',
    help: `router to get an address from; ${PUBLIC_ROUTER} without it; may be repeated`,
    ours: ['--router'],
    isRepeatable: true,
    translate: (value) => ['--router', value],
  },
  {
    short: 'l',
    long: ['listen'],
    value: 'v4addr',
    help: 'own IPv4 address',
    ours: ['--listen'],
    translate: (value) => ['--listen', value],
  },
  {
    short: 'p',
    long: ['port'],
    value: 'port',
    help: 'own UDP port',
    ours: ['--port'],
    translate: (value) => ['--port', value],
  },
  {
    short: 'd',
    long: ['tundev'],
    value: '/dev/tunX',
    help: 'use the interface tunX, which was prepared; also -t',
    ours: ['--tun'],
    takes: isDevicePath,
    translate: (value) => interfaceOfDevice(value),
  },
  {
    short: 'r',
    long: ['default-route'],
    help: 'send all IPv6 without a better route through the tunnel; also -d without device',
    ours: ['--default-route'],
    translate: () => ['--default-route'],
  },
  {
    short: 't',
    long: ['ttl', 'radius', 'radius-multicast'],
    value: 'hops',
    help: 'TTL of the search for peers on the local network, 0 for none; 1 without it; also -r hops',
    ours: ['--lan-ttl'],
    takes: (value) => !isDevicePath(value),
    translate: (value) => ['--lan-ttl', value],
  },
  {
    short: 'k',
    long: ['keepalive', 'keepalive-period-ttl'],
    value: 'time[,reach]',
    help: `seconds between keepalives, and their TTL; ${KEEPALIVE} without it`,
    ours: ['--keepalive'],
    translate: (value) => ['--keepalive', value],
  },
  {
    short: 'x',
    long: ['extension-hook'],
    value: 'script',
    help: 'script that is called with what the router offers',
    ours: ['--hook'],
    translate: (value) => ['--hook', value],
  },
  {
    short: 'f',
    long: ['foreground', 'fork-not'],
    help: 'stay in the foreground, without a notice that says so',
    translate: () => [],
  },
  {
    short: 'e',
    long: ['error-console'],
    help: 'log to the console and not to syslog',
    ours: ['--log-to'],
    translate: () => ['--log-to', 'stderr'],
  },
  {
    short: 'u',
    long: ['udp-variability'],
    help: 'refused: other UDP ports than that of an address are never accepted for it',
    translate: () => {
      throw new UsageError(
        '--udp-variability: is not supported, as in the C commands: everybody could send in the name of others',
      );
    },
  },
  // The letters of 2012.
  {
    short: 't',
    long: ['tundev'],
    value: '/dev/tunX',
    help: '',
    ours: ['--tun'],
    takes: isDevicePath,
    translate: (value) => interfaceOfDevice(value),
  },
  {
    short: 'd',
    long: ['default-route'],
    help: '',
    ours: ['--default-route'],
    translate: () => ['--default-route'],
  },
  {
    short: 'r',
    long: ['ttl'],
    value: 'hops',
    help: '',
    ours: ['--lan-ttl'],
    takes: (value) => NUMBER.test(value),
    translate: (value) => ['--lan-ttl', value],
  },
];

/** Whether the C peer's search on the local network has a meaning beside options of ours. */
function searches(rest: readonly string[]): boolean {
  const dialect = dialectNames.find((name) => name === valueAmong(rest, '--dialect')) ?? 'draft03';
  const strategy = valueAmong(rest, '--peering') ?? dialects[dialect].peering;
  return strategy === 'neighbor-discovery';
}

/** The command `6bed4peer`. */
export const peerCommand: ReferenceCommand = {
  name: '6bed4peer',
  command: 'peer',
  summary:
    'IPv6 by a 6bed4 router, with the options of the C command of that name, of 2020 and of 2012.',
  usage: [
    '[-rfe] [-s v4addr] [-d /dev/tunX]',
    '[-l v4addr] [-p port] [-t hops] [-k time[,reach]] [-x script]',
  ],
  options: OPTIONS,
  notShortened: ['tun'],
  oneHyphen: [],
  defaults(given, rest) {
    const isRouterGiven = givenValue(given, 'v4server') !== undefined || isAmong(rest, '--router');
    return [
      ...(isRouterGiven ? [] : ['--router', PUBLIC_ROUTER]),
      ...['--keepalive', KEEPALIVE],
      // The C peer searches unless its TTL is 0.
      ...(searches(rest) ? ['--lan-search'] : []),
      ...['--log-to', 'syslog'],
    ];
  },
  notices: (given) =>
    givenValue(given, 'foreground') !== undefined
      ? []
      : [
          'this process stays in the foreground, as with -f: a service manager keeps it in the background',
        ],
};
