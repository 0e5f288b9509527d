import {
  decodeAddress,
  encodeAddress,
  formatIPv6,
  type Profile,
  parseIPv6,
  reference2020,
} from '@6bed4/codec';
import type { Command } from 'commander';
import { endpoint, ipv6, prefix64 } from '../options/addresses.js';
import { DIALECTS, dialect } from '../options/choices.js';
import { integer } from '../options/numbers.js';
import { missingOption } from '../options/usageError.js';
import { fieldsOf, reportOf } from '../output/addressReport.js';
import { print } from '../output/print.js';

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
  const address = program
    .command('address')
    .usage('<command> [options]')
    .summary('decode and encode 6bed4 addresses')
    .description('Decodes the fields of 6bed4 addresses, and encodes such addresses.')
    .addHelpText('after', `${DECODE_EXAMPLES}\n${ENCODE_EXAMPLES}`);
  address
    .command('decode')
    .summary('decode an address')
    .description('Prints the router, the peer and the other fields of an IPv6 address.')
    .argument('<ADDR>', 'IPv6 address', ipv6)
    .option('--dialect <D>', `${DIALECTS}; default: draft03`, dialect)
    .option('--json', 'print one JSON object')
    .addHelpText('after', DECODE_EXAMPLES)
    .action(decode);
  address
    .command('encode')
    .summary('encode an address')
    .description('Encodes an IPv6 address from a prefix and the endpoint of a peer.')
    .option('--prefix <P/64>', 'upper half of the address (required)', prefix64)
    .option('--peer <A.B.C.D:PORT>', 'endpoint of the peer (required)', endpoint)
    .option('--lanip <N>', 'which of the addresses of the peer', integer(0, HIGHEST_LANIP))
    .option('--dialect <D>', `${DIALECTS}; default: draft03`, dialect)
    .option('--json', 'print one JSON object')
    .addHelpText('after', ENCODE_EXAMPLES)
    .action(encode);
}

function decode(text: string, { dialect: profile = reference2020, json }: DecodeFlags): void {
  const decoded = decodeAddress(text, { profile });
  if (json === true) print(JSON.stringify(fieldsOf(decoded)));
  else print(reportOf(formatIPv6(parseIPv6(text)), decoded));
}

function encode({
  prefix,
  peer,
  lanip,
  dialect: profile = reference2020,
  json,
}: EncodeFlags): void {
  if (prefix === undefined) {
    throw missingOption('--prefix', 'the upper half of the address', 'fc64:bed:c633:6401::/64');
  }
  if (peer === undefined) {
    throw missingOption('--peer', 'the endpoint of the peer', '198.51.100.2:58526');
  }
  const parts = { prefix, peer, ...(lanip !== undefined && { lanip }) };
  const address = encodeAddress(parts, { profile });
  print(json === true ? JSON.stringify({ address }) : address);
}
