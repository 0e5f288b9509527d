import { isIP } from 'node:net';
import { formatIPv6, HIGHEST_PORT, parseIPv6 } from '@6bed4/codec';
import { refuse } from '../options/refuse.js';

/** A service of this computer, and the port of the 6bed4 address under which others reach it. */
export interface Service {
  readonly protocol: 'tcp' | 'udp';
  /** Port of the 6bed4 address. */
  readonly port: number;
  /** Address or name, without brackets. */
  readonly host: string;
  readonly hostPort: number;
}

const EXPECTED = 'PORT=HOST:PORT or udp:PORT=HOST:PORT, such as 80=127.0.0.1:8080';
const FORM = /^(?:(tcp|udp):)?([1-9][0-9]{0,4})=(?:\[([^\]]+)\]|([^:[\]=\s]+)):([1-9][0-9]{0,4})$/;

/** Parses a service: `80=127.0.0.1:8080`, `80=[::1]:8080`, `udp:53=localhost:5353`. */
export function service(text: string): Service {
  const [, protocol = 'tcp', port, bracketed, plain, hostPort] = FORM.exec(text) ?? [];
  const ports = [Number(port), Number(hostPort)];
  if (!ports.every((one) => one <= HIGHEST_PORT)) return refuse(text, EXPECTED);
  if (bracketed !== undefined && isIP(bracketed) !== 6) return refuse(text, EXPECTED);
  const host = bracketed === undefined ? plain! : formatIPv6(parseIPv6(bracketed));
  return { protocol: protocol as 'tcp' | 'udp', port: ports[0]!, host, hostPort: ports[1]! };
}

/** Writes a service as it is parsed. */
export function serviceText({ protocol, port, host, hostPort }: Service): string {
  const target = host.includes(':') ? `[${host}]` : host;
  return `${protocol === 'udp' ? 'udp:' : ''}${port}=${target}:${hostPort}`;
}
