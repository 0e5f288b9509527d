import { InvalidArgumentError } from '../arguments/invalidArgumentError.js';
import { HIGHEST_PORT } from '../arguments/ranges.js';
import { formatIPv4, parseIPv4 } from './ipv4.js';

/** A UDP/IPv4 endpoint for people: the drafts' "6bed4 address" (draft-03 §1). */
export interface Endpoint {
  /** IPv4 address in dotted decimals. */
  readonly address: string;
  /** UDP port, 0..65535. */
  readonly port: number;
}

const PORT = /^(?:0|[1-9][0-9]{0,4})$/;

/**
 * Reads `A.B.C.D:port`, or `A.B.C.D` where there is a default port.
 *
 * @param defaultPort - the port where the text names none
 * @param field - name for complaints; default: `endpoint`, or `port` for that part
 * @throws InvalidArgumentError
 */
export function parseEndpoint(text: string, defaultPort?: number, field?: string): Endpoint {
  const colon = text.indexOf(':');
  const isBare = colon === -1;
  const host = isBare ? text : text.slice(0, colon);
  const address = formatIPv4(parseIPv4(host, field ?? 'endpoint'));
  if (isBare) {
    if (defaultPort === undefined) {
      throw new InvalidArgumentError(field ?? 'endpoint', JSON.stringify(text), 'A.B.C.D:port');
    }
    return { address, port: defaultPort };
  }
  const port = text.slice(colon + 1);
  if (!PORT.test(port) || Number(port) > HIGHEST_PORT) {
    throw new InvalidArgumentError(
      field ?? 'port',
      JSON.stringify(port),
      'an integer from 0 to 65535',
    );
  }
  return { address, port: Number(port) };
}

/** Writes an endpoint as `A.B.C.D:port`. */
export function formatEndpoint(endpoint: Endpoint): string {
  return `${endpoint.address}:${endpoint.port}`;
}
