import { readFile } from 'node:fs/promises';
import { formatIPv4, formatIPv6 } from '@6bed4/codec';
import type { SystemRoute } from '@6bed4/node';

const LOCAL_ADDRESS = 1;
const HEX = 16;
const BYTE = 0xff;

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

/** Whether the kernel forwards IPv6; null where it does not say. */
export async function forwardsIPv6(): Promise<boolean | null> {
  const text = await contentOf('/proc/sys/net/ipv6/conf/all/forwarding');
  return text === null ? null : text.trim() !== '0';
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
export function routeText({ prefix, length, device }: SystemRoute): string {
  const to = `${formatIPv6(prefix)}/${length}`;
  return device === null ? `${to} by several interfaces` : `${to} dev ${device}`;
}

/** An address of IPv4 in this file is written as the processor has it in memory. */
function endpointText(text: string): string {
  const [address = '', port = ''] = text.split(':');
  const bytes = Buffer.from(address, 'hex');
  const value = isLittleEndian ? bytes.readUInt32LE() : bytes.readUInt32BE();
  return `${formatIPv4(value)}:${Number.parseInt(port, HEX)}`;
}

const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

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
