import { readFile } from 'node:fs/promises';
import { formatIPv4, formatIPv6 } from '@6bed4/codec';

const LOCAL_ADDRESS = 1;
const HEX = 16;
const BYTE = 0xff;
/** RTF_REJECT of linux/ipv6_route.h: packets are refused. */
const REJECT = 0x200;
/** Columns of /proc/net/ipv6_route. */
const COLUMN = { prefix: 0, length: 1, metric: 5, flags: 8, device: 9 } as const;

/** A route of the kernel for IPv6. */
export interface KernelRoute {
  readonly prefix: Uint8Array;
  readonly length: number;
  readonly metric: number;
  readonly isReject: boolean;
  readonly device: string;
}

/** The endpoints that UDP sockets of IPv4 are bound to in this network namespace, as `A.B.C.D:port`; null where there is no such list. */
export async function udpEndpoints(): Promise<ReadonlySet<string> | null> {
  const text = await contentOf('/proc/net/udp');
  if (text === null) return null;
  return new Set(
    rowsOf(text)
      .slice(1)
      .map((row) => endpointText(row[LOCAL_ADDRESS]!)),
  );
}

/** The routes of the kernel for IPv6, of all tables; null where there is no such list. */
export async function ipv6Routes(): Promise<readonly KernelRoute[] | null> {
  const text = await contentOf('/proc/net/ipv6_route');
  return text === null ? null : rowsOf(text).map(routeIn);
}

/** Whether the kernel forwards IPv6; null where it does not say. */
export async function forwardsIPv6(): Promise<boolean | null> {
  const text = await contentOf('/proc/sys/net/ipv6/conf/all/forwarding');
  return text === null ? null : text.trim() !== '0';
}

/** The route that a packet to an address takes: of the longest prefix, the one with the least metric. */
export function routeTo(
  routes: readonly KernelRoute[],
  address: Uint8Array,
): KernelRoute | undefined {
  return routes
    .filter(({ prefix, length }) => hasPrefix(address, prefix, length))
    .sort((one, other) => other.length - one.length || one.metric - other.metric)[0];
}

/** Whether the first `length` bits of two addresses are the same. */
export function hasPrefix(address: Uint8Array, prefix: Uint8Array, length: number): boolean {
  return prefix.every((byte, index) => {
    const bits = Math.min(8, Math.max(0, length - 8 * index));
    const mask = BYTE ^ (BYTE >>> bits);
    return (byte & mask) === (address[index]! & mask);
  });
}

/** A route in words. */
export function routeText({ prefix, length, device, isReject }: KernelRoute): string {
  const to = `${formatIPv6(prefix)}/${length}`;
  return isReject ? `unreachable ${to}` : `${to} dev ${device}`;
}

/** An address of IPv4 in this file is written as the processor has it in memory. */
function endpointText(text: string): string {
  const [address = '', port = ''] = text.split(':');
  const bytes = Buffer.from(address, 'hex');
  const value = isLittleEndian ? bytes.readUInt32LE() : bytes.readUInt32BE();
  return `${formatIPv4(value)}:${Number.parseInt(port, HEX)}`;
}

const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function routeIn(row: readonly string[]): KernelRoute {
  const number = (column: number): number => Number.parseInt(row[column]!, HEX);
  return {
    prefix: Buffer.from(row[COLUMN.prefix]!, 'hex'),
    length: number(COLUMN.length),
    metric: number(COLUMN.metric),
    isReject: (number(COLUMN.flags) & REJECT) !== 0,
    device: row[COLUMN.device]!,
  };
}

function rowsOf(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.trim().split(/\s+/));
}

async function contentOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return null;
  }
}
