import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Lab } from './support/lab.js';
import { countReplies } from './support/ping.js';
import { describeWithPrograms } from './support/requirements.js';
import {
  addressesOf,
  buildInternet,
  ROUTER_IPV4,
  startPeer,
  startRouter,
} from './support/topology.js';
import { Capture, type Frame, faultsOf } from './support/tshark.js';

/*
 * The reference programs are named by environment variables:
 *   SIXBED4_REFERENCE_ROUTER_2020, SIXBED4_REFERENCE_PEER_2020   draft03, TUN build
 *   SIXBED4_REFERENCE_ROUTER_2012, SIXBED4_REFERENCE_PEER_2012   draft01
 * The reference peer of 2020 sends packets to the server that was compiled in, whatever its option
 * says; it has to be built for 198.51.100.1.
 */
const ROUTER_2020 = 'SIXBED4_REFERENCE_ROUTER_2020';
const PEER_2020 = 'SIXBED4_REFERENCE_PEER_2020';
const ROUTER_2012 = 'SIXBED4_REFERENCE_ROUTER_2012';
const PEER_2012 = 'SIXBED4_REFERENCE_PEER_2012';

const NATIVE_64 = '2001:db8:64:64::/64';

let lab: Lab;

function useLab(): void {
  beforeEach(async () => {
    lab = await buildInternet();
  });
  afterEach(() => lab.dispose());
}

const path = (variable: string): string => process.env[variable]!;

/** Waits for the address that a reference peer puts on its interface. */
async function referenceAddress(label: string): Promise<string> {
  for (let attempt = 0; attempt < 60; attempt++) {
    const found = await addressesOf(lab, label);
    const settled = !(await lab.ip(label, '-6 addr show tentative')).includes('global');
    if (found.length > 0 && settled) return found[0]!.split('/')[0]!;
    await sleep(100);
  }
  throw new Error(`the reference peer on ${label} got no address in 6 s`);
}

async function startReferenceRouter2020(): Promise<void> {
  const daemon = lab.spawn('router', [path(ROUTER_2020), '-l', ROUTER_IPV4, '-R', 'fc64::/16']);
  await daemon.waitForLine(/WARNING/);
  await lab.exec('router', [
    'sh',
    '-c',
    'until ip link show up | grep -q 6bed4:; do sleep 0.05; done',
  ]);
}

async function startReferenceRouter2012(): Promise<void> {
  lab.spawn('router', [path(ROUTER_2012), '-l', ROUTER_IPV4, '-L', NATIVE_64]);
  await lab.exec('router', [
    'sh',
    '-c',
    'until ip link show up | grep -q 6bed4_rfc:; do sleep 0.05; done',
  ]);
}

async function startReferencePeer2020(label: string): Promise<string> {
  lab.spawn(label, [path(PEER_2020), '-f', '-e', '-s', ROUTER_IPV4]);
  return referenceAddress(label);
}

async function startReferencePeer2012(label: string): Promise<string> {
  lab.spawn(label, [path(PEER_2012), '-f', '-e', '-d', '-s', ROUTER_IPV4]);
  return referenceAddress(label);
}

async function expectConversation(address1: string, address2: string): Promise<void> {
  expect(await countReplies(lab, 'peer1', address2, 3)).toBe(3);
  expect(await countReplies(lab, 'peer2', address1, 3)).toBe(3);
  expect(await countReplies(lab, 'peer1', address2, 2, { size: 1232, whole: true })).toBe(2);
}

/** What is wrong with the frames that one of our daemons sent. */
function faultsFrom(frames: readonly Frame[], source: string): string[] {
  const own = frames.filter(({ outer }) => outer.source === source);
  expect(own.length).toBeGreaterThan(0);
  return own.flatMap(faultsOf);
}

describeWithPrograms('the reference router of 2020', [ROUTER_2020], () => {
  useLab();

  it('serves two of our peers', async () => {
    const capture = await Capture.start(lab, [25790]);
    await startReferenceRouter2020();
    const peer1 = await startPeer(lab, 'peer1');
    const peer2 = await startPeer(lab, 'peer2');
    await expectConversation(peer1.address, peer2.address);
    const frames = await capture.stop();
    expect(faultsFrom(frames, '198.51.100.2')).toEqual([]);
    expect(faultsFrom(frames, '198.51.100.3')).toEqual([]);
  });
});

describeWithPrograms('our router', [PEER_2020], () => {
  useLab();

  it('serves two reference peers of 2020', async () => {
    const capture = await Capture.start(lab, [25790]);
    await startRouter(lab, 'router', '--route', 'fc64::/16');
    const address1 = await startReferencePeer2020('peer1');
    const address2 = await startReferencePeer2020('peer2');
    await expectConversation(address1, address2);
    expect(faultsFrom(await capture.stop(), ROUTER_IPV4)).toEqual([]);
  });

  it('serves our peer together with a reference peer of 2020', async () => {
    await startRouter(lab, 'router', '--route', 'fc64::/16');
    const peer1 = await startPeer(lab, 'peer1');
    await expectConversation(peer1.address, await startReferencePeer2020('peer2'));
  });
});

describeWithPrograms('the reference router and peer of 2020', [ROUTER_2020, PEER_2020], () => {
  useLab();

  it('work together with our peer', async () => {
    await startReferenceRouter2020();
    const peer1 = await startPeer(lab, 'peer1');
    await expectConversation(peer1.address, await startReferencePeer2020('peer2'));
  });
});

describeWithPrograms('the reference router of 2012', [ROUTER_2012], () => {
  useLab();

  it('serves two of our draft01 peers', async () => {
    await startReferenceRouter2012();
    const peer1 = await startPeer(lab, 'peer1', '--dialect', 'draft01');
    const peer2 = await startPeer(lab, 'peer2', '--dialect', 'draft01');
    await expectConversation(peer1.address, peer2.address);
  });
});

describeWithPrograms('our draft01 router', [PEER_2012], () => {
  useLab();

  it('serves two reference peers of 2012', async () => {
    await startRouter(lab, 'router', '--dialect', 'draft01', '--prefix', NATIVE_64);
    const address1 = await startReferencePeer2012('peer1');
    const address2 = await startReferencePeer2012('peer2');
    await expectConversation(address1, address2);
  });

  it('serves our peer together with a reference peer of 2012', async () => {
    await startRouter(lab, 'router', '--dialect', 'draft01', '--prefix', NATIVE_64);
    const peer1 = await startPeer(lab, 'peer1', '--dialect', 'draft01');
    await expectConversation(peer1.address, await startReferencePeer2012('peer2'));
  });
});

describeWithPrograms('the reference router and peer of 2012', [ROUTER_2012, PEER_2012], () => {
  useLab();

  it('work together with our draft01 peer', async () => {
    await startReferenceRouter2012();
    const peer1 = await startPeer(lab, 'peer1', '--dialect', 'draft01');
    await expectConversation(peer1.address, await startReferencePeer2012('peer2'));
  });
});
