import { missingOption, UsageError } from '../options/usageError.js';
import { isAmong, type ReferenceCommand, type ReferenceOption } from './optionTable.js';
import { interfaceOfDevice, isDevicePath } from './tunDevice.js';

/** Where `-x` listens. */
const REDIRECTED = '127.0.0.1';

/** Masquerading; refused as long as the router has none. */
const MASQUERADING: readonly ReferenceOption[] = [
  { short: 'm', long: ['masqhost'], value: 'v6addr' },
  { short: 's', long: ['sctp'], value: 'port[:port]' },
  { short: 't', long: ['tcp'], value: 'port[:port]' },
  { short: 'u', long: ['udp'], value: 'port[:port]' },
  { short: 'i', long: ['icmp'] },
].map((option) => ({
  ...option,
  help: 'refused: this router does not masquerade',
  takes: (value: string) => !isDevicePath(value),
  translate: () => {
    throw new UsageError(`--${option.long[0]}: this router does not masquerade`);
  },
}));

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
  ...MASQUERADING,
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

/** The command `6bed4router`. */
export const routerCommand: ReferenceCommand = {
  name: '6bed4router',
  command: 'router',
  summary: 'A 6bed4 router, with the options of the C command of that name, of 2020 and of 2012.',
  usage: '-l v4addr [-x port] [-n netid] [-L v6prefix/len] [-R v6prefix/len]... [-d /dev/tunX]',
  options: OPTIONS,
  notShortened: ['tun'],
  defaults(given, rest) {
    const listen = given.get('v4listen')?.[0];
    const xlate = given.get('xlate')?.[0];
    if (listen === undefined) {
      if (xlate === undefined && isAmong(rest, '--listen')) return [];
      throw missingOption('-l', 'the public IPv4 address of this router', '192.0.2.1');
    }
    if (xlate === undefined) return ['--listen', listen];
    return ['--listen', REDIRECTED, '--port', xlate, '--public', listen];
  },
  notices: () => [],
};
