import {
  type DialectName,
  decodeAddress,
  encodeAddress,
  formatEndpoint,
  formatIPv6,
  InvalidArgumentError,
  parseIPv6,
} from '@6bed4/codec';
import { check, checkSame, type Test } from './checks';
import recorded from './recorded.json';

interface Vector {
  readonly address: string;
  readonly dialect: string;
  readonly peer: string;
  readonly lanip: number | null;
}

const NO_ADDRESSES = ['', ':', '1::2::3', 'fc64:bed', '::12345', '::1.2.3.256', 'fc64::%1'];

/** Addresses that other implementations used, read and written. */
export const addressTests: readonly Test[] = [
  {
    name: 'reads and writes recorded addresses',
    run: async () => {
      check(recorded.length > 5, 'addresses');
      for (const { address, dialect: name, peer, lanip } of recorded as readonly Vector[]) {
        const dialect = name as DialectName;
        const decoded = decodeAddress(address, { dialect });
        checkSame(decoded.peer === null ? null : formatEndpoint(decoded.peer), peer, address);
        checkSame(decoded.lanip, lanip, `lanip of ${address}`);
        const parts = { prefix: decoded.prefix, peer, ...(lanip === null ? {} : { lanip }) };
        checkSame(encodeAddress(parts, { dialect }), address, peer);
        checkSame(formatIPv6(parseIPv6(address)), address, 'text');
      }
    },
  },
  {
    name: 'refuses what is no address',
    run: async () => {
      for (const text of NO_ADDRESSES) {
        let error: unknown = null;
        try {
          parseIPv6(text);
        } catch (thrown) {
          error = thrown;
        }
        check(error instanceof InvalidArgumentError, `an InvalidArgumentError for "${text}"`);
      }
    },
  },
];
