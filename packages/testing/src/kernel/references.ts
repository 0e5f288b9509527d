import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { RunningProgram } from '../runningProgram.js';
import { addressesOf } from './interfaces.js';
import { ROUTER_IPV4 } from './internet.js';
import type { Lab } from './lab.js';

/*
 * Other implementations, named by environment variables:
 *   SIXBED4_REFERENCE_ROUTER_2020, SIXBED4_REFERENCE_PEER_2020   draft03, TUN build
 *   SIXBED4_REFERENCE_ROUTER_2012, SIXBED4_REFERENCE_PEER_2012   draft01
 *   SIXBED4_REFERENCE_JAVA_CLASSES                               draft03, folder of socket6bed4
 * The reference peer of 2020 sends packets to the server that was compiled in, whatever its option
 * says; it has to be built for 198.51.100.1.
 */
export const ROUTER_2020 = 'SIXBED4_REFERENCE_ROUTER_2020';
export const PEER_2020 = 'SIXBED4_REFERENCE_PEER_2020';
export const ROUTER_2012 = 'SIXBED4_REFERENCE_ROUTER_2012';
export const PEER_2012 = 'SIXBED4_REFERENCE_PEER_2012';
export const JAVA_CLASSES = 'SIXBED4_REFERENCE_JAVA_CLASSES';

/** Prefix that the routers of draft01 serve. */
export const NATIVE_64 = '2001:db8:64:64::/64';

/** The router that is compiled into the Java implementation, and the only /64 that it sends to. */
export const JAVA_ROUTER_IPV4 = '145.136.0.1';
export const JAVA_64 = '2a01:4f8:1c1c:1a30::/64';

const path = (variable: string): string => process.env[variable]!;

function waitForInterface(lab: Lab, label: string, device: string): Promise<unknown> {
  const script = `until ip link show up | grep -q ${device}:; do sleep 0.05; done`;
  return lab.exec(label, ['sh', '-c', script]);
}

/** Waits for the address that a reference peer puts on its interface. */
async function referenceAddress(lab: Lab, label: string): Promise<string> {
  for (let attempt = 0; attempt < 60; attempt++) {
    const found = await addressesOf(lab, label);
    const settled = !(await lab.ip(label, '-6 addr show tentative')).includes('global');
    if (found.length > 0 && settled) return found[0]!.split('/')[0]!;
    await sleep(100);
  }
  throw new Error(`the reference peer on ${label} got no address in 6 s`);
}

/** Starts the router of 2020; `served` is the route to all 6bed4, or one native /64, that its peers need. */
export async function startReferenceRouter2020(
  lab: Lab,
  listen = ROUTER_IPV4,
  served: readonly string[] = ['-R', 'fc64::/16'],
): Promise<void> {
  lab.spawn('router', [path(ROUTER_2020), '-l', listen, ...served]);
  await waitForInterface(lab, 'router', '6bed4');
}

export async function startReferenceRouter2012(lab: Lab): Promise<void> {
  lab.spawn('router', [path(ROUTER_2012), '-l', ROUTER_IPV4, '-L', NATIVE_64]);
  await waitForInterface(lab, 'router', '6bed4_rfc');
}

export async function startReferencePeer2020(lab: Lab, label: string): Promise<string> {
  lab.spawn(label, [path(PEER_2020), '-f', '-e', '-s', ROUTER_IPV4]);
  return referenceAddress(lab, label);
}

export async function startReferencePeer2012(lab: Lab, label: string): Promise<string> {
  lab.spawn(label, [path(PEER_2012), '-f', '-e', '-d', '-s', ROUTER_IPV4]);
  return referenceAddress(lab, label);
}

/** Starts a program that uses the Java implementation; see `programs/JavaSocket.java`. */
export async function startJava(
  lab: Lab,
  label: string,
  ...words: readonly (string | number)[]
): Promise<{ readonly daemon: RunningProgram; readonly address: string }> {
  const source = fileURLToPath(new URL('./programs/JavaSocket.java', import.meta.url));
  const argv = ['java', '-cp', path(JAVA_CLASSES), source, ...words.map(String)];
  const daemon = lab.spawn(label, argv);
  const line = await daemon.waitForLine(/^address /, 20_000);
  return { daemon, address: line.split(' ')[1]! };
}
