import { type DecodedAddress, type Endpoint, formatEndpoint } from '@6bed4/codec';
import { colors } from './color.js';

/** Fields to print as JSON: these and no others, in this order. */
export type AddressFields = Omit<DecodedAddress, 'kind'>;

/** The fields of a decoded address. */
export function fieldsOf(decoded: DecodedAddress): AddressFields {
  const { dialect, prefix, router, peer, lanip, invitation, opaque } = decoded;
  return { dialect, prefix, router, peer, lanip, invitation, opaque };
}

const NAME_WIDTH = 12;

/** Writes a decoded address for people, a field a line. */
export function reportOf(address: string, decoded: DecodedAddress): string {
  const { dialect, prefix, router, peer, lanip, invitation, opaque, kind } = decoded;
  return [
    colors.bold(address),
    line('dialect', dialect),
    line('prefix', colors.cyan(prefix), kind === '6bed4' ? '' : `${kind} address`),
    line('router', colors.green(endpointOrNone(router)), router ? '' : 'not in this prefix'),
    line('peer', colors.yellow(endpointOrNone(peer))),
    line('lanip', colors.magenta(String(lanip ?? 'none')), lanip === 0 ? "the router's" : ''),
    line('invitation', yesOrNo(invitation), invitation ? 'always reachable directly' : ''),
    line('opaque', yesOrNo(opaque), opaque ? 'the lower half holds no endpoint' : ''),
  ].join('\n');
}

function line(name: string, value: string, remark = ''): string {
  const start = `  ${colors.dim(name.padEnd(NAME_WIDTH))}${value}`;
  return remark === '' ? start : `${start}  ${colors.dim(`(${remark})`)}`;
}

function endpointOrNone(endpoint: Endpoint | null): string {
  return endpoint === null ? 'none' : formatEndpoint(endpoint);
}

function yesOrNo(value: boolean): string {
  return value ? 'yes' : 'no';
}
