import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startPeer, startRouter } from '@6bed4/testing/kernel/daemons';
import { ROUTER_IPV4 } from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { buildNatTopology, type Middlebox, PEER_PORT } from '@6bed4/testing/kernel/natTopology';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { afterEach, expect } from 'vitest';

const PHONE = fileURLToPath(new URL('../phone.mjs', import.meta.url));

/** Seconds of a call. */
export const SECONDS = 4;

/** Milliseconds, for a busy computer; a jitter in other units would be far above. */
const MAX_JITTER = 250;

/** A line of the program phone.mjs. */
interface OutputLine {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** What the phone says of a call. */
export interface Report {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly jitter: number;
  /** With SRTP only. */
  readonly dropped?: { readonly unauthenticated: number; readonly replayed: number };
}

/** The phone behind the NAT of `right`, and the interface behind that of `left` for the phone of others. */
export interface Tunnels {
  readonly lab: Lab;
  /** The daemon of the interface. */
  readonly peer: RunningProgram;
  /** Its IPv6 address. */
  readonly address: string;
}

let lab: Lab | null = null;
afterEach(() => lab?.dispose());

/** Starts the router and the peer with an interface. */
export async function startTunnels(left: Middlebox): Promise<Tunnels> {
  lab = await buildNatTopology({ left, right: 'masquerade' });
  await startRouter(lab, 'router');
  // The path to a remote that begins, as the phone may, is a detail of the log.
  const options = ['--port', String(PEER_PORT.left), '--verbose'];
  const { daemon, address } = await startPeer(lab, 'left', ...options);
  return { lab, peer: daemon, address };
}

/** Starts the phone. */
export function startPhone(lab: Lab, ...options: readonly string[]): RunningProgram {
  const own = ['--router', ROUTER_IPV4, '--port', String(PEER_PORT.right)];
  return lab.spawn('right', [process.execPath, PHONE, ...own, ...options]);
}

/** Waits until the phone of others listens for calls. */
export async function waitUntilListening(lab: Lab): Promise<void> {
  while (!(await lab.exec('left', ['ss', '-Hlun'])).stdout.includes(':5060')) await sleep(50);
}

/** What the phone printed of one kind. */
export function linesOf(phone: RunningProgram, event: string): OutputLine[] {
  return phone.stdout
    .map((line) => JSON.parse(line) as OutputLine)
    .filter((line) => line.event === event);
}

/**
 * The SIP messages that the phone sent and received, by method or status. Retransmissions by a busy computer
 * appear once, before the BYE and after it.
 */
export function conversation(phone: RunningProgram): string[] {
  let isEnding = false;
  const messages = linesOf(phone, 'message').map(({ line, transmission }) => {
    const [what] = (line as string).replace('SIP/2.0 ', '').split(' ');
    isEnding ||= what === 'BYE';
    if (transmission === 'received') return { what: `< ${what}`, isEnding };
    return { what: `> ${what}${transmission === 1 ? '' : ' again'}`, isEnding };
  });
  const isFirst = (one: (typeof messages)[number], index: number): boolean =>
    index ===
    messages.findIndex((each) => each.what === one.what && each.isEnding === one.isEnding);
  return messages.filter(isFirst).map(({ what }) => what);
}

/** The report of the one call of the phone, which ends. */
export async function reportOf(phone: RunningProgram): Promise<Report> {
  const line = await phone.waitForLine(/"event":"report"/, 30_000);
  expect(await phone.ended).toEqual({ code: 0, signal: null });
  expect(phone.stderr).toEqual([]);
  return JSON.parse(line) as Report;
}

/** Checks the report of a call without loss. */
export function expectCleanAudio({ sent, received, lost, jitter }: Report): void {
  // 50 a second, less those that a busy computer did not send in time.
  expect(sent).toBeGreaterThan(SECONDS * 30);
  expect(lost).toBe(0);
  // Packets in flight at the end of the call do not count as lost.
  expect(received).toBeGreaterThanOrEqual(sent - 10);
  // Two computers share two cores, and the path changes meanwhile.
  expect(jitter).toBeGreaterThan(0);
  expect(jitter).toBeLessThan(MAX_JITTER);
}
