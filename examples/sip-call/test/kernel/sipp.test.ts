import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { PORT, startPeer, startRouter } from '@6bed4/testing/kernel/daemons';
import { ROUTER_IPV4 } from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import {
  buildNatTopology,
  type Middlebox,
  PEER_PORT,
  PUBLIC,
} from '@6bed4/testing/kernel/natTopology';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { Capture, type Frame, faultsOf } from '@6bed4/testing/kernel/tshark';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { afterEach, expect, test } from 'vitest';

const PHONE = fileURLToPath(new URL('./phone.mjs', import.meta.url));
const RTP_PORT = 6000;
const SECONDS = 4;
/** IPv6 and UDP headers, the header of RTP, and 20 ms of G.711. */
const RTP_PACKET = 40 + 8 + 12 + 160;

/** A line of the program phone.mjs. */
interface OutputLine {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** Milliseconds, for a busy computer; a jitter in other units would be far above. */
const MAX_JITTER = 250;

interface Report {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly jitter: number;
}

let lab: Lab | null = null;
afterEach(() => lab?.dispose());

/** Starts the router and the peer of sipp, on a TUN behind the NAT of `left`; the phone is behind `right`. */
async function startTunnels(
  left: Middlebox,
): Promise<{ lab: Lab; sippPeer: RunningProgram; sippAddress: string }> {
  lab = await buildNatTopology({ left, right: 'masquerade' });
  await startRouter(lab, 'router');
  // The path to a remote that begins, as the phone may, is a detail of the log.
  const options = ['--port', String(PEER_PORT.left), '--verbose'];
  const { daemon, address } = await startPeer(lab, 'left', ...options);
  return { lab, sippPeer: daemon, sippAddress: address };
}

function startPhone(lab: Lab, ...options: readonly string[]): RunningProgram {
  const own = ['--router', ROUTER_IPV4, '--port', String(PEER_PORT.right)];
  return lab.spawn('right', [process.execPath, PHONE, ...own, ...options]);
}

/** Starts sipp for one call; it sends RTP back to its source. */
function startSipp(
  lab: Lab,
  address: string,
  scenario: string,
  ...more: readonly string[]
): RunningProgram {
  // biome-ignore format: one option with its value per line
  return lab.spawn('left', [
    'sipp',
    '-sn', scenario,
    '-i', address,
    '-mi', address,
    '-mp', String(RTP_PORT),
    '-rtp_echo',
    '-m', '1',
    '-nostdin',
    ...more,
  ]);
}

/** Waits until sipp listens for calls. */
async function waitUntilListening(lab: Lab): Promise<void> {
  while (!(await lab.exec('left', ['ss', '-Hlun'])).stdout.includes(':5060')) await sleep(50);
}

function linesOf(phone: RunningProgram, event: string): OutputLine[] {
  return phone.stdout
    .map((line) => JSON.parse(line) as OutputLine)
    .filter((line) => line.event === event);
}

/**
 * The SIP messages that the phone sent and received, by method or status. Retransmissions by a busy computer
 * appear once, before the BYE and after it.
 */
function conversation(phone: RunningProgram): string[] {
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

async function reportOf(phone: RunningProgram): Promise<Report> {
  const line = await phone.waitForLine(/"event":"report"/, 30_000);
  expect(await phone.ended).toEqual({ code: 0, signal: null });
  expect(phone.stderr).toEqual([]);
  return JSON.parse(line) as Report;
}

/** Checks the report of a call without loss. */
function expectCleanAudio({ sent, received, lost, jitter }: Report): void {
  // 50 a second, less those that a busy computer did not send in time.
  expect(sent).toBeGreaterThan(SECONDS * 30);
  expect(lost).toBe(0);
  // Packets in flight at the end of the call do not count as lost.
  expect(received).toBeGreaterThanOrEqual(sent - 10);
  // Two computers share two cores, and the path changes meanwhile.
  expect(jitter).toBeGreaterThan(0);
  expect(jitter).toBeLessThan(MAX_JITTER);
}

const isRtp = ({ inner }: Frame): boolean => inner?.length === RTP_PACKET;
const isDirect = ({ outer }: Frame): boolean =>
  outer.source !== ROUTER_IPV4 && outer.destination !== ROUTER_IPV4;

/** Checks RTP in one direction: the number of packets, and that the second half went directly. */
function expectDirectMedia(
  frames: readonly Frame[],
  from: string,
  { received, sent }: Pick<Report, 'received' | 'sent'>,
): void {
  const rtp = frames.filter((frame) => isRtp(frame) && frame.inner?.source === from);
  const areDirect = rtp
    // A relayed packet appears twice.
    .filter(({ outer }) => outer.source !== ROUTER_IPV4)
    .map((frame) => isDirect(frame));
  expect(areDirect.length).toBeGreaterThanOrEqual(received);
  expect(areDirect.length).toBeLessThanOrEqual(sent);
  expect(areDirect.slice(received / 2)).not.toContain(false);
}

describeKernel('a phone on a tunnel of its own, and sipp on a TUN, both behind NATs', () => {
  test('calls sipp with SIP through the router first and RTP directly, from INVITE to BYE', async () => {
    const { lab, sippPeer, sippAddress } = await startTunnels('masquerade');
    const capture = await Capture.start(lab, [PORT]);
    const sipp = startSipp(lab, sippAddress, 'uas');
    await waitUntilListening(lab);
    const phone = startPhone(lab, '--call', `sip:sipp@[${sippAddress}]`, '--seconds', `${SECONDS}`);
    const report = await reportOf(phone);
    const { address } = linesOf(phone, 'ready')[0] as unknown as { address: string };
    const frames = await capture.stop([PEER_PORT.left, PEER_PORT.right]);

    // The first INVITE is dropped at the NAT of sipp, which has not sent to the phone.
    expect(conversation(phone)).toEqual([
      ...['> INVITE', '> INVITE again', '< 180', '< 200', '> ACK'],
      ...['> BYE', '< 200'],
    ]);
    expect((await sipp.ended).code).toBe(0);
    expectCleanAudio(report);
    expect(linesOf(phone, 'path').at(-1)).toMatchObject({ remote: sippAddress, path: 'direct' });
    await sippPeer.waitForLine(new RegExp(`^path direct .*remote ${address}`));
    const fromPhone = frames.filter(({ inner, outer }) => {
      return inner?.source === address && outer.source === PUBLIC.right;
    });
    const [first, second] = fromPhone.filter(({ inner }) => (inner?.length ?? 0) > 400);
    expect([first, second].map((frame) => isDirect(frame!))).toEqual([true, false]);
    expectDirectMedia(frames, address, report);
    expectDirectMedia(frames, sippAddress, report);
    expect(frames.flatMap(faultsOf)).toEqual([]);
  });

  test('reaches a sipp behind endpoint-independent filtering by its first INVITE, which confirms the path', async () => {
    const { lab, sippAddress } = await startTunnels('forwarding');
    const capture = await Capture.start(lab, [PORT]);
    const sipp = startSipp(lab, sippAddress, 'uas');
    await waitUntilListening(lab);
    const call = ['--call', `sip:sipp@[${sippAddress}]`, '--seconds', `${SECONDS}`];
    // A busy computer may answer after 500 ms; a retransmission would then rightly take the router. This
    // is still within the time in which an answer confirms the path.
    const phone = startPhone(lab, ...call, '--t1', '2000');
    const report = await reportOf(phone);
    const { address } = linesOf(phone, 'ready')[0] as unknown as { address: string };
    const frames = await capture.stop([PEER_PORT.left, PEER_PORT.right]);

    expect(conversation(phone)).toEqual([
      ...['> INVITE', '< 180', '< 200', '> ACK'],
      ...['> BYE', '< 200'],
    ]);
    expect((await sipp.ended).code).toBe(0);
    expectCleanAudio(report);
    // Nothing that the phone sent to sipp ever took the router.
    const relayed = frames.filter((frame) => {
      return (
        frame.inner?.source === address &&
        frame.inner.destination === sippAddress &&
        !isDirect(frame)
      );
    });
    expect(relayed).toEqual([]);
  });

  test('calls a sipp that cannot be reached directly through the router to the end', async () => {
    const { lab, sippAddress } = await startTunnels('fully-random');
    const sipp = startSipp(lab, sippAddress, 'uas');
    await waitUntilListening(lab);
    const phone = startPhone(lab, '--call', `sip:sipp@[${sippAddress}]`, '--seconds', `${SECONDS}`);
    const report = await reportOf(phone);

    expect(conversation(phone)).toEqual([
      ...['> INVITE', '> INVITE again', '< 180', '< 200', '> ACK'],
      ...['> BYE', '< 200'],
    ]);
    expect((await sipp.ended).code).toBe(0);
    expectCleanAudio(report);
    expect(linesOf(phone, 'path').map(({ path }) => path)).not.toContain('direct');
  });

  test('is called by sipp, and receives RTP directly', async () => {
    const { lab, sippPeer, sippAddress } = await startTunnels('masquerade');
    const phone = startPhone(lab);
    await phone.waitForLine(/"event":"ready"/);
    const { address } = linesOf(phone, 'ready')[0] as unknown as { address: string };
    const capture = await Capture.start(lab, [PORT]);
    const milliseconds = String(SECONDS * 1000);
    const target = `[${address}]:5060`;
    const sipp = startSipp(lab, sippAddress, 'uac', '-s', 'alice', '-d', milliseconds, target);
    const report = await reportOf(phone);
    const frames = await capture.stop([PEER_PORT.left, PEER_PORT.right]);

    expect((await sipp.ended).code).toBe(0);
    expect(conversation(phone)).toEqual([
      ...['< INVITE', '> 100', '> 180', '> 200', '< ACK'],
      ...['< BYE', '> 200'],
    ]);
    expectCleanAudio(report);
    expect(linesOf(phone, 'path').at(-1)).toMatchObject({ remote: sippAddress, path: 'direct' });
    await sippPeer.waitForLine(new RegExp(`^path direct .*remote ${address}`));
    expectDirectMedia(frames, address, report);
    expectDirectMedia(frames, sippAddress, report);
  });
}, ['sipp']);
