import { missingOption } from '../options/usageError.js';
import { type MasqueradeOption, masqueradeRules } from './masqueradeRules.js';
import {
  type GivenOption,
  givenValue,
  isAmong,
  type ReferenceCommand,
  type ReferenceOption,
} from './optionTable.js';
import { interfaceOfDevice, isDevicePath } from './tunDevice.js';

/** Where `-x` listens. */
const REDIRECTED = '127.0.0.1';

const MASQUERADING = [
  ['m', 'masqhost', 'v6addr', 'host that takes what the options behind this one name'],
  ['s', 'sctp', 'port[:port]', 'ports of SCTP of the router that the host takes'],
  ['t', 'tcp', 'port[:port]', 'ports of TCP'],
  ['u', 'udp', 'port[:port]', 'ports of UDP'],
  ['i', 'icmp', undefined, 'ICMPv6 but Neighbor Discovery'],
] as const;

/** The options of masquerading, which mean something only together: see {@link rulesOf}. */
const MASQUERADING_OPTIONS: readonly ReferenceOption[] = MASQUERADING.map(
  ([short, long, value, help]) => ({
    ...{ short, long: [long], help, isRepeatable: short !== 'i' },
    ...(value !== undefined && { value, takes: (text: string) => !isDevicePath(text) }),
    translate: (text: string) => {
      // Refuses what cannot be read.
      masqueradeRules([[short, text]]);
      return [];
    },
  }),
);

const OPTIONS: readonly ReferenceOption[] = [
  {
    short: 'l',
    long: ['v4listen'],
    value: 'v4addr',
    help: 'own IPv4 address, by which peers reach this router (required)',
    ours: ['--listen', '--public'],
  },
  {
    short: 'L',
    long: ['v6prefix'],
    value: 'v6prefix/len',
    help: 'prefix to serve, completed to /64; fc64::/16 without it',
    ours: ['--prefix'],
    translate: (value) => ['--prefix', value],
  },
  {
    short: 'n',
    long: ['netid'],
    value: 'netid',
    help: 'network identifier for prefixes with room for it, in hexadecimal; bed without it',
    ours: ['--netid'],
    translate: (value) => ['--netid', value],
  },
  {
    short: 'R',
    long: ['v6route'],
    value: 'v6prefix/len',
    help: 'prefix that peers should route here; may be repeated',
    ours: ['--route'],
    isRepeatable: true,
    translate: (value) => ['--route', value],
  },
  {
    short: 'd',
    long: ['tundev'],
    value: '/dev/tunX',
    help: 'use the interface tunX, which was prepared; also -t',
    ours: ['--tun'],
    translate: (value) => interfaceOfDevice(value),
  },
  {
    short: 'x',
    long: ['xlate'],
    value: 'port',
    help: `listen at ${REDIRECTED} and this port, to which a firewall redirects what is for -l`,
    ours: ['--port'],
  },
  ...MASQUERADING_OPTIONS,
  // The letter of 2012.
  {
    short: 't',
    long: ['tundev'],
    value: '/dev/tunX',
    help: '',
    ours: ['--tun'],
    takes: isDevicePath,
    translate: (value) => interfaceOfDevice(value),
  },
];

/** The rules of masquerading that the options give together. */
function rulesOf(given: readonly GivenOption[]): string[] {
  const options = given.flatMap(([name, value]): MasqueradeOption[] => {
    const found = MASQUERADING.find(([, long]) => long === name);
    return found === undefined ? [] : [[found[0], value]];
  });
  return masqueradeRules(options).flatMap((rule) => ['--masquerade', rule]);
}

/** Where the router listens, and where it is reached. */
function endpointOf(given: readonly GivenOption[], rest: readonly string[]): readonly string[] {
  const listen = givenValue(given, 'v4listen');
  const xlate = givenValue(given, 'xlate');
  if (listen === undefined) {
    if (xlate === undefined && isAmong(rest, '--listen')) return [];
    throw missingOption('-l', 'the public IPv4 address of this router', '192.0.2.1');
  }
  if (xlate === undefined) return ['--listen', listen];
  return ['--listen', REDIRECTED, '--port', xlate, '--public', listen];
}

/** The command `6bed4router`. */
export const routerCommand: ReferenceCommand = {
  name: '6bed4router',
  command: 'router',
  summary: 'A 6bed4 router, with the options of the C command of that name, of 2020 and of 2012.',
  usage: [
    '-l v4addr [-x port] [-n netid] [-L v6prefix/len] [-R v6prefix/len]... [-d /dev/tunX]',
    '[-m v6addr] [-s|-t|-u port[:port]]... [-i]',
  ],
  options: OPTIONS,
  notShortened: ['tun'],
  oneHyphen: ['sctp', 'tcp', 'udp'],
  defaults(given, rest) {
    return [...endpointOf(given, rest), ...rulesOf(given)];
  },
  notices: (given) =>
    givenValue(given, 'masqhost') !== undefined && rulesOf(given).length === 0
      ? ['-m has no effect: no -s, -t, -u or -i says what the host takes']
      : [],
};
