import { readlinkSync } from 'node:fs';
import { formatEndpoint } from '@6bed4/codec';
import { StartError } from '@6bed4/node';
import { durationText } from '../output/quantities.js';
import { type FoundDaemon, findDaemons, statusIn } from './findDaemons.js';
import type { DaemonStatus } from './status.js';

/** What a daemon wants for itself, which only one can have. */
export interface Claims {
  /** Name of the interface; false without. */
  readonly tun: string | false;
  /** IPv4 address of the UDP socket; absent for all. */
  readonly listen?: string | undefined;
  /** UDP port; absent for any. */
  readonly port?: number | undefined;
  /** Where clients of a proxy connect, as its status has that. */
  readonly proxies?: readonly string[];
}

/** Codes of failures because something is taken. */
const TAKEN: readonly string[] = ['EADDRINUSE', 'EBUSY'];
const ANY_ADDRESS = '0.0.0.0';

/**
 * The failure of a daemon to start, which tells in addition which daemon has what it wanted, and what to do. Failures of
 * other kinds, and those of which no daemon is the cause, are returned as they are.
 *
 * @param own - path of the socket of the daemon that failed, which does not answer yet
 */
export async function tellWhoRuns(
  failure: unknown,
  claims: Claims,
  own?: string,
): Promise<unknown> {
  if (!(failure instanceof StartError && TAKEN.includes(failure.code))) return failure;
  const { code, message } = failure;
  const found = (await findDaemons(own)).filter(isVisible);
  const owner = found.find(({ answer }) => {
    const status = statusIn(answer);
    return status !== null && isOwner(status, claims, code);
  });
  const more = owner === undefined ? othersText(found) : runningText(owner);
  return more === null ? failure : new StartError(code, `${message}${more}`, { cause: failure });
}

/** What is said of a running daemon after the failure that it causes. */
export function runningText({ name, answer }: FoundDaemon): string {
  const status = statusIn(answer);
  if (status === null) return '';
  const { role, pid, uptime, endpoint, tun } = status;
  const at = tun === null ? formatEndpoint(endpoint) : `${formatEndpoint(endpoint)}, ${tun}`;
  const other = tun === null ? 'another port' : 'another --tun and --port';
  return (
    `; a ${role} is running: process ${pid}, for ${durationText(uptime)}, at ${at}\n` +
    `"6bed4 status ${name}" tells more; end it by "kill ${pid}", or give this one ${other}`
  );
}

/** What is said where the daemons that could have it belong to other users; null where there are none. */
function othersText(found: readonly FoundDaemon[]): string | null {
  const paths = found.filter(({ answer }) => answer.kind === 'forbidden').map(({ path }) => path);
  if (paths.length === 0) return null;
  return `; daemons of other users are running: ${paths.join(', ')}\n"sudo 6bed4 status" tells more`;
}

function isOwner(status: DaemonStatus, claims: Claims, code: string): boolean {
  if (code === 'EBUSY') return status.tun === claims.tun;
  const { endpoint } = status;
  const { listen = ANY_ADDRESS, port, proxies = [] } = claims;
  const overlaps = [listen, endpoint.address].includes(ANY_ADDRESS) || listen === endpoint.address;
  if (port === endpoint.port && overlaps) return true;
  if (claims.tun !== false && status.tun === claims.tun) return true;
  if (!('proxy' in status) || status.proxy === undefined) return false;
  const { socks, http } = status.proxy;
  return [socks, http].some((one) => one !== null && proxies.includes(one.listen));
}

/** Whether a daemon may be in the network namespace of this process: those of others take nothing from it. */
function isVisible({ answer }: FoundDaemon): boolean {
  const status = statusIn(answer);
  if (status === null) return true;
  const [own, other] = ['self', status.pid].map(networkOf);
  return own === null || other === null || own === other;
}

function networkOf(process: number | string | undefined): string | null {
  try {
    return readlinkSync(`/proc/${process}/ns/net`);
  } catch {
    // Not Linux, another PID namespace, or not permitted.
    return null;
  }
}
