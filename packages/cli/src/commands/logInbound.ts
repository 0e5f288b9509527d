import { formatInboundPolicy, type InboundPolicy } from '@6bed4/node';
import type { Logger } from '../output/logger.js';
import { reachableServices } from '../output/reachableServices.js';
import { isNews } from '../process/stateFile.js';

/** The part of a daemon that decides what others reach. */
interface InboundDaemon {
  /** Name of the interface; null without. */
  readonly tun: string | null;
  readonly inbound: InboundPolicy | null;
}

/**
 * Logs in one line what others reach of this computer, at the first start and whenever that is not what it was at the last
 * one; nothing without an interface.
 */
export function logInbound({ tun, inbound }: InboundDaemon, log: Logger): void {
  if (tun === null || inbound === null) return;
  const isOpen = inbound === 'open';
  const reachable = isOpen ? reachableServices().join('; ') : formatInboundPolicy(inbound);
  if (!isNews(`reachable-${tun}`, `${isOpen ? 'services ' : ''}${reachable}\n`)) return;
  if (!isOpen) log.info({ inbound: reachable }, 'others reach');
  else if (reachable !== '') {
    log.info({ services: reachable }, 'everybody reaches; --inbound limits that');
  }
}
