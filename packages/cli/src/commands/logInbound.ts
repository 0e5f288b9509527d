import { formatInboundPolicy, type InboundPolicy } from '@6bed4/node';
import type { Logger } from '../output/logger.js';
import { reachableServices } from '../output/reachableServices.js';

/** Logs in one line what others reach of this computer; nothing without an interface. */
export function logInbound(inbound: InboundPolicy | null, log: Logger): void {
  if (inbound === null) return;
  if (inbound !== 'open') {
    log.info({ inbound: formatInboundPolicy(inbound) }, 'others reach');
    return;
  }
  const services = reachableServices();
  if (services.length === 0) return;
  log.info({ services: services.join('; ') }, 'everybody reaches; --inbound limits that');
}
