import { isIPv6 } from 'node:net';
import { formatIPv4, formatIPv6, InvalidArgumentError, UdpEndpoint } from '@6bed4/codec';
import { demand, type FuzzTarget, InputReader, textBytes, textOf } from '@6bed4/testing/fuzzTarget';
import { AddressNumbers, AddressTexts } from '../../src/drivers/udp/addressText.js';
import { addressBytes } from '../../src/selection/addressBytes.js';
import { sortAddresses } from '../../src/selection/destinationSelection.js';
import { readAddress } from '../../src/socket/destinationAddress.js';

const MOST_ADDRESSES = 8;
const KNOWN = [
  ...['fc64:bed:c633:6401:c433:6402:e49e:8001', 'fc64:bed:c633:64fe:c433:6402:e49e:8001'],
  ...['2001:db8::1', '2002:c633:6401::1', '2001::1', 'fd00::1', 'fe80::1%eth0', '::1', 'ff0e::1'],
  ...['198.51.100.1', '10.0.0.1', '127.0.0.1', '169.254.1.1', '::ffff:198.51.100.1', '64:ff9b::1'],
];

/** Addresses as text, of sockets and look-ups, and the order in which they are tried. */
export const target: FuzzTarget = {
  longest: 200,
  seeds: [
    ...textBytes('\0fe80::1%eth0', '\0::ffff:1.2.3.4', '\0fc64:bed::1', '\x001.2.3.4'),
    Uint8Array.of(1, 3, 0, 9, 2, 4, 3, 9, 1, 5, 6),
  ],
  words: textBytes('%', '::', ':', '.', '255', 'fe80', '\n', '%eth0'),
  run(input) {
    const reader = new InputReader(input);
    if ((reader.byte() & 1) === 0) checkText(textOf(reader.rest()));
    else checkOrder(reader);
  },
};

function checkText(text: string): void {
  demand((readAddress(text) !== null) === isIPv6(text), 'sockets take what net.isIPv6 does');
  try {
    demand(addressBytes(text).length === 16, 'an address has 16 bytes');
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
  }
}

function addressIn(reader: InputReader): string {
  const kind = reader.byte();
  if (kind < 192) return KNOWN[kind % KNOWN.length]!;
  if (kind < 224) {
    const bits = reader.word() * 0x1_0000 + reader.word();
    const text = new AddressTexts().textOf(new UdpEndpoint(bits, 1));
    demand(text === formatIPv4(bits), 'IPv4 addresses are written as elsewhere');
    demand(new AddressNumbers().numberOf(text) === bits, 'and are read as they are written');
    return text;
  }
  const bytes = new Uint8Array(16);
  bytes.set(reader.take(16));
  return formatIPv6(bytes);
}

/** Any two of a sorted list are in the order that they have alone: so the order is total. */
function checkOrder(reader: InputReader): void {
  const sources = Array.from({ length: reader.byte() % 5 }, () => addressIn(reader));
  const destinations: string[] = [];
  while (!reader.isOver && destinations.length < MOST_ADDRESSES) {
    destinations.push(addressIn(reader));
  }
  const sorted = sortAddresses(destinations, sources);
  demand([...sorted].sort().join() === [...destinations].sort().join(), 'all are still there');
  for (const [index, first] of sorted.entries()) {
    for (const second of sorted.slice(index + 1)) {
      const pair = sortAddresses([first, second], sources);
      demand(pair[0] === first, `${first} before ${second}, with ${sources.join()}`);
    }
  }
}
