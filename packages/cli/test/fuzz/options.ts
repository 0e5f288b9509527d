import { InvalidArgumentError } from '@6bed4/codec';
import { demand, type FuzzTarget, textBytes, textOf } from '@6bed4/testing/fuzzTarget';
import {
  endpoint,
  endpointOrAddress,
  ipv4,
  ipv6,
  prefix,
  prefix64,
} from '../../src/options/addresses.js';
import { dialect, driver, offloads, strategy } from '../../src/options/choices.js';
import { integer, keepalive, netid, port } from '../../src/options/numbers.js';
import { UsageError } from '../../src/options/usageError.js';
import { peerCommand } from '../../src/reference/peerOptions.js';
import { routerCommand } from '../../src/reference/routerOptions.js';
import { translate } from '../../src/reference/translate.js';

/** Parsers that check a text and keep it. */
const KEEPING = [ipv4, ipv6, endpoint, endpointOrAddress, prefix, prefix64];
const CHOICES = [driver, offloads, strategy];

function parsed<T>(parse: (text: string) => T, text: string): T | null {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    demand(error.message.length < text.length * 6 + 300, 'a refusal is short');
    return null;
  }
}

/** Arguments of the C commands become some of ours, or are refused. */
function demandTranslated(text: string): void {
  for (const command of [peerCommand, routerCommand]) {
    try {
      const { args } = translate(command, text.split(' '));
      demand(args[0] === command.command, 'the command is ours');
      demand(args.join('').length < text.length * 3 + 200, 'the arguments are few');
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      demand(error.message.length < text.length * 6 + 300, 'a refusal is short');
    }
  }
}

function demandInteger(value: number | null | undefined, lowest: number, highest: number): void {
  if (value === null || value === undefined) return;
  demand(Number.isInteger(value) && value >= lowest && value <= highest, `${value} is in range`);
}

/** Values of options on the command line. */
export const target: FuzzTarget = {
  longest: 64,
  seeds: textBytes(
    '198.51.100.1:25790',
    'fc64:bed::/32',
    '30,3',
    '0xbed',
    'draft03',
    'neighbor-discovery',
    'constructor',
    '__proto__',
    '65535',
    '1e3',
    '-def -s 192.0.2.1 --ttl=2',
    '-l 192.0.2.1 -x3000 -R fc00::/7',
  ),
  words: textBytes('draft0', 'none', 'all', 'auto', ',', '0x', '/64', '::', '65536', ' ', '-', '+'),
  run(input) {
    const text = textOf(input);
    for (const parse of KEEPING) {
      const kept = parsed(parse, text);
      demand(kept === null || kept === text, 'the text is kept');
    }
    for (const parse of CHOICES) {
      const kept: string | null = parsed<string>(parse, text);
      demand(kept === null || kept === text, 'a choice is the text');
    }
    const profile = parsed(dialect, text);
    demand(profile === null || typeof profile.port === 'number', 'a profile is one');
    demandInteger(parsed(integer(0, 86_400), text), 0, 86_400);
    demandInteger(parsed(port, text), 1, 65_535);
    demandInteger(parsed(netid, text), 0, 0xffff);
    demandTranslated(text);
    const pair = parsed(keepalive, text);
    demandInteger(pair?.interval, 0, 86_400);
    demandInteger(pair?.ttl, 0, 255);
  },
};
