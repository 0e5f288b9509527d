import {
  decodeAddress,
  encodeAddress,
  formatIPv6,
  InvalidArgumentError,
  type Profile,
  parseIPv6,
} from '@6bed4/codec';
import type { Command } from 'commander';
import { fieldsOf, reportOf } from './addressReport.js';
import { commandNeeded } from './commandNeeded.js';
import { defined } from './defined.js';
import { DIALECTS, dialect, endpoint, integer, ipv6, prefix } from './values.js';

const HIGHEST_LANIP = 0xffff;

const DECODE_EXAMPLES = `
Examples of decode:
  6bed4 address decode fc64:bed:c633:6401:c433:6402:e49e:8001
  6bed4 address decode 2001:db8:64:64:50f5:c6ff:fe33:6402 --dialect draft01 --json`;

const ENCODE_EXAMPLES = `
Examples of encode:
  6bed4 address encode --prefix fc64:bed:c633:6401::/64 --peer 198.51.100.2:58526 --lanip 1
  6bed4 address encode --prefix 2001:db8:64:64::/64 --peer 198.51.100.2:62802 --dialect draft01`;

interface DecodeFlags {
  dialect?: Profile;
  json?: boolean;
}

interface EncodeFlags extends DecodeFlags {
  prefix?: string;
  peer?: string;
  lanip?: number;
}

/** `6bed4 address decode` and `6bed4 address encode` */
export function addAddressCommand(program: Command): void {
  const address = commandNeeded(
    program
      .command('address')
      .summary('take addresses apart, or put them together')
      .description(
        'Takes IPv6 addresses apart into what 6bed4 keeps in them, or puts them together.',
      )
      .addHelpText('after', `${DECODE_EXAMPLES}\n${ENCODE_EXAMPLES}`),
  );
  address
    .command('decode')
    .summary('take an address apart')
    .description('Shows the router, the peer and the other fields that are in an IPv6 address.')
    .argument('<ADDR>', 'IPv6 address', ipv6('ADDR'))
    .option('--dialect <D>', `${DIALECTS}; default: draft03`, dialect)
    .option('--json', 'print one JSON object')
    .addHelpText('after', DECODE_EXAMPLES)
    .action(decode);
  address
    .command('encode')
    .summary('put an address together')
    .description('Puts an IPv6 address together from a prefix and the endpoint of a peer.')
    .option('--prefix <P/64>', 'upper half of the address (required)', prefix('prefix', 64))
    .option('--peer <A.B.C.D:PORT>', 'endpoint of the peer (required)', endpoint('peer', true))
    .option('--lanip <N>', 'which address of the peer', integer('lanip', 0, HIGHEST_LANIP))
    .option('--dialect <D>', `${DIALECTS}; default: draft03`, dialect)
    .option('--json', 'print one JSON object')
    .addHelpText('after', ENCODE_EXAMPLES)
    .action(encode);
}

function decode(text: string, { dialect: profile, json }: DecodeFlags): void {
  const decoded = decodeAddress(text, defined({ profile }));
  if (json === true) console.log(JSON.stringify(fieldsOf(decoded)));
  else console.log(reportOf(formatIPv6(parseIPv6(text)), decoded));
}

/** What the codec calls the parts that are options here. */
const OPTION_OF_FIELD: Readonly<Record<string, string>> = { port: 'peer', endpoint: 'peer' };

function encode({ prefix, peer, lanip, dialect: profile, json }: EncodeFlags): void {
  if (prefix === undefined)
    throw new InvalidArgumentError('prefix', 'nothing', 'the upper half, as P/64');
  if (peer === undefined)
    throw new InvalidArgumentError('peer', 'nothing', 'an endpoint, as A.B.C.D:PORT');
  try {
    const address = encodeAddress({ prefix, peer, ...defined({ lanip }) }, defined({ profile }));
    console.log(json === true ? JSON.stringify({ address }) : address);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    const { field, found, expected } = error;
    throw new InvalidArgumentError(OPTION_OF_FIELD[field] ?? field, found, expected);
  }
}
