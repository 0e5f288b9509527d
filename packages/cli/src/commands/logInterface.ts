import { hasAddress, type InterfaceReport } from '@6bed4/node';
import type { Logger } from '../output/logger.js';

/** The part of routers and peers that is about their interface. */
interface InterfaceOwner {
  interfaceReport(): InterfaceReport | null;
  on(event: 'interface', listener: (report: InterfaceReport) => void): unknown;
  off(event: 'interface', listener: (report: InterfaceReport) => void): unknown;
}

/** Logs that an interface is complete again; what is missing comes as a warning. */
export function logInterface(daemon: InterfaceOwner, log: Logger): void {
  let wasComplete = true;
  daemon.on('interface', ({ name, missing }) => {
    const isComplete = missing.length === 0;
    if (isComplete && !wasComplete) log.info({ tun: name }, 'the interface is complete again');
    wasComplete = isComplete;
  });
}

/** The field of `ready` that names what an interface has to have and has not; no field where it is complete. */
export function lackOf(daemon: Pick<InterfaceOwner, 'interfaceReport'>): { without?: string[] } {
  const missing = daemon.interfaceReport()?.missing ?? [];
  return missing.length === 0 ? {} : { without: missing.map(({ part }) => part) };
}

/** The same as the end of a line for people. */
export function lackText(daemon: Pick<InterfaceOwner, 'interfaceReport'>): string {
  const { without = [] } = lackOf(daemon);
  return without.length === 0 ? '' : `, without ${without.join(', ')}`;
}

/** Calls an action once an address is on the interface: now, or later. */
export function whenOnInterface(daemon: InterfaceOwner, address: string, action: () => void): void {
  if (hasAddress(daemon.interfaceReport(), address)) {
    action();
    return;
  }
  const listener = (report: InterfaceReport): void => {
    if (!hasAddress(report, address)) return;
    daemon.off('interface', listener);
    action();
  };
  daemon.on('interface', listener);
}
