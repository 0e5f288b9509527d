import { readFileSync } from 'node:fs';

/** The kernel's number for a socket of TCP that accepts connections, and for one of UDP without a remote. */
const LISTENING = { tcp: '0A', udp: '07' } as const;
const ANY_ADDRESS = '0'.repeat(32);
/** `sl local:port remote:port state`, the first in hexadecimal. */
const LINE =
  /^\s*\d+:\s+([0-9A-F]{32}):([0-9A-F]{4})\s+([0-9A-F]{32}):([0-9A-F]{4})\s+([0-9A-F]{2})\s/;

/**
 * The ports of this computer at which something listens on all IPv6 addresses, such as `tcp 22, 631` and
 * `udp 5353`; empty for none, or where the system does not tell.
 */
export function reachableServices(): string[] {
  return (['tcp', 'udp'] as const).flatMap((protocol) => {
    const ports = openPorts(readTable(`/proc/net/${protocol}6`), LISTENING[protocol]);
    return ports.length === 0 ? [] : [`${protocol} ${ports.join(', ')}`];
  });
}

/** The ports in a table of `/proc/net` of the sockets in a state that are bound to all addresses, ascending. */
export function openPorts(table: string, state: string): number[] {
  const ports = new Set<number>();
  for (const line of table.split('\n')) {
    const [, address, port, , remotePort, is] = LINE.exec(line) ?? [];
    if (address !== ANY_ADDRESS || is !== state || remotePort !== '0000') continue;
    ports.add(Number.parseInt(port!, 16));
  }
  return [...ports].sort((left, right) => left - right);
}

function readTable(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
