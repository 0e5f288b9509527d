import { formatEndpoint } from '@6bed4/codec';
import { StartError } from '../../errors.js';

/** The meaning of a failure to bind a UDP socket, by the code of the system's error. */
export function bindError(
  code: string,
  address: string,
  port: number,
  options?: ErrorOptions,
): StartError {
  const where = formatEndpoint({ address, port });
  switch (code) {
    case 'EADDRINUSE':
      return new StartError(code, `UDP port ${port} of ${address} is in use`, options);
    case 'EADDRNOTAVAIL':
      return new StartError(code, `${address} is not an address of this computer`, options);
    case 'EACCES':
      return new StartError('EPERM', `listening on UDP ${where} is not permitted`, options);
    default:
      return new StartError(code, `listening on UDP ${where} failed: ${code}`, options);
  }
}

/** The failure of all attempts to bind an even UDP port. */
export function noEvenPort(address: string): StartError {
  return new StartError('EADDRINUSE', `no even UDP port of ${address} is free`);
}
