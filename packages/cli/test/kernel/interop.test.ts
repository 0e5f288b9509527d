import { decodeAddress } from '@6bed4/codec';
import { startPeer, startRouter } from '@6bed4/testing/kernel/daemons';
import { ROUTER_IPV4 } from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { countReplies } from '@6bed4/testing/kernel/ping';
import {
  NATIVE_64,
  PEER_2012,
  PEER_2020,
  ROUTER_2012,
  ROUTER_2020,
  startReferencePeer2012,
  startReferencePeer2020,
  startReferenceRouter2012,
  startReferenceRouter2020,
} from '@6bed4/testing/kernel/references';
import { describeWithPrograms } from '@6bed4/testing/kernel/requirements';
import { useInternet } from '@6bed4/testing/kernel/suites';
import { Capture, type Frame, faultsOf } from '@6bed4/testing/kernel/tshark';
import { expect, test } from 'vitest';

let lab: Lab;

/** The lab of the running test. */
const setLab = (built: Lab): void => {
  lab = built;
};

async function expectConversation(address1: string, address2: string): Promise<void> {
  expect(await countReplies(lab, 'peer1', address2, 3)).toBe(3);
  expect(await countReplies(lab, 'peer2', address1, 3)).toBe(3);
  expect(await countReplies(lab, 'peer1', address2, 2, { size: 1232, whole: true })).toBe(2);
}

/** Faults in the frames of one of our daemons. */
function faultsFrom(frames: readonly Frame[], source: string): string[] {
  const own = frames.filter(({ outer }) => outer.source === source);
  expect(own.length).toBeGreaterThan(0);
  return own.flatMap(faultsOf);
}

describeWithPrograms('the reference router of 2020', [ROUTER_2020], () => {
  useInternet(setLab);

  test('serves two of our peers', async () => {
    const capture = await Capture.start(lab, [25790]);
    await startReferenceRouter2020(lab);
    const peer1 = await startPeer(lab, 'peer1');
    const peer2 = await startPeer(lab, 'peer2');
    await expectConversation(peer1.address, peer2.address);
    const direct = [peer1, peer2].map(({ address }) => decodeAddress(address).peer!.port);
    const frames = await capture.stop(direct);
    expect(faultsFrom(frames, '198.51.100.2')).toEqual([]);
    expect(faultsFrom(frames, '198.51.100.3')).toEqual([]);
  });
});

describeWithPrograms('our router', [PEER_2020], () => {
  useInternet(setLab);

  test('serves two reference peers of 2020', async () => {
    const capture = await Capture.start(lab, [25790]);
    await startRouter(lab, 'router', '--route', 'fc64::/16');
    const address1 = await startReferencePeer2020(lab, 'peer1');
    const address2 = await startReferencePeer2020(lab, 'peer2');
    await expectConversation(address1, address2);
    expect(faultsFrom(await capture.stop(), ROUTER_IPV4)).toEqual([]);
  });

  test('serves our peer together with a reference peer of 2020', async () => {
    await startRouter(lab, 'router', '--route', 'fc64::/16');
    const peer1 = await startPeer(lab, 'peer1');
    await expectConversation(peer1.address, await startReferencePeer2020(lab, 'peer2'));
  });
});

describeWithPrograms('the reference router and peer of 2020', [ROUTER_2020, PEER_2020], () => {
  useInternet(setLab);

  test('exchange packets with our peer', async () => {
    await startReferenceRouter2020(lab);
    const peer1 = await startPeer(lab, 'peer1');
    await expectConversation(peer1.address, await startReferencePeer2020(lab, 'peer2'));
  });
});

describeWithPrograms('the reference router of 2012', [ROUTER_2012], () => {
  useInternet(setLab);

  test('serves two of our draft01 peers', async () => {
    await startReferenceRouter2012(lab);
    const peer1 = await startPeer(lab, 'peer1', '--dialect', 'draft01');
    const peer2 = await startPeer(lab, 'peer2', '--dialect', 'draft01');
    await expectConversation(peer1.address, peer2.address);
  });
});

describeWithPrograms('our draft01 router', [PEER_2012], () => {
  useInternet(setLab);

  test('serves two reference peers of 2012', async () => {
    await startRouter(lab, 'router', '--dialect', 'draft01', '--prefix', NATIVE_64);
    const address1 = await startReferencePeer2012(lab, 'peer1');
    const address2 = await startReferencePeer2012(lab, 'peer2');
    await expectConversation(address1, address2);
  });

  test('serves our peer together with a reference peer of 2012', async () => {
    await startRouter(lab, 'router', '--dialect', 'draft01', '--prefix', NATIVE_64);
    const peer1 = await startPeer(lab, 'peer1', '--dialect', 'draft01');
    await expectConversation(peer1.address, await startReferencePeer2012(lab, 'peer2'));
  });
});

describeWithPrograms('the reference router and peer of 2012', [ROUTER_2012, PEER_2012], () => {
  useInternet(setLab);

  test('exchange packets with our draft01 peer', async () => {
    await startReferenceRouter2012(lab);
    const peer1 = await startPeer(lab, 'peer1', '--dialect', 'draft01');
    await expectConversation(peer1.address, await startReferencePeer2012(lab, 'peer2'));
  });
});
