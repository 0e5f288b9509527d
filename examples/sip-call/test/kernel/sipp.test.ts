import { PORT } from '@6bed4/testing/kernel/daemons';
import { ROUTER_IPV4 } from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { PEER_PORT, PUBLIC } from '@6bed4/testing/kernel/natTopology';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { Capture, type Frame, faultsOf } from '@6bed4/testing/kernel/tshark';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { expect, test } from 'vitest';
import {
  conversation,
  expectCleanAudio,
  linesOf,
  type Report,
  reportOf,
  SECONDS,
  startPhone,
  startTunnels,
  waitUntilListening,
} from './support/phone.js';

const RTP_PORT = 6000;
/** IPv6 and UDP headers, the header of RTP, and 20 ms of G.711. */
const RTP_PACKET = 40 + 8 + 12 + 160;

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
    const { lab, peer: sippPeer, address: sippAddress } = await startTunnels('masquerade');
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
    const { lab, address: sippAddress } = await startTunnels('forwarding');
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
    const { lab, address: sippAddress } = await startTunnels('fully-random');
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
    const { lab, peer: sippPeer, address: sippAddress } = await startTunnels('masquerade');
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
