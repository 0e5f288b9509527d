import { command, startRouter } from '@6bed4/testing/kernel/daemons';
import { addressesOf } from '@6bed4/testing/kernel/interfaces';
import { buildInternet, ROUTER_ADDRESS } from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { unanswered } from '@6bed4/testing/kernel/ping';
import { program } from '@6bed4/testing/kernel/programs';
import { describeDrivers } from '@6bed4/testing/kernel/suites';
import { afterAll, beforeAll, expect, test } from 'vitest';

const OTHER_ROUTER = '198.51.100.3';
const PORT = 5001;
const TRANSFER = 200_000;

describeDrivers('the host of a router, and a peer of another router', () => {
  let lab: Lab;
  let peer: string;

  beforeAll(async () => {
    lab = await buildInternet();
    await startRouter(lab, 'router');
    const other = lab.spawn('peer2', command('router', '--listen', OTHER_ROUTER));
    await other.waitForLine(/^ready/);
    const daemon = lab.spawn('peer1', command('peer', '--router', OTHER_ROUTER));
    await daemon.waitForLine(/^ready/);
    peer = (await addressesOf(lab, 'peer1'))[0]!.split('/')[0]!;
    expect(peer).toMatch(/^fc64:bed:c633:6403:/);
  });
  afterAll(() => lab?.dispose());

  async function transfer(from: string, to: string, address: string): Promise<void> {
    const receiver = lab.spawn(to, program('tcpReceiver', PORT));
    await receiver.waitForLine(/listening/);
    const sent = await lab.exec(from, program('tcpSender', address, PORT, TRANSFER));
    const received = JSON.parse(await receiver.waitForLine(/sha256/)) as object;
    expect(received).toEqual(JSON.parse(sent.stdout));
    expect(received).toMatchObject({ bytes: TRANSFER });
  }

  test('answer echo requests of each other', async () => {
    expect(await unanswered(lab, 'router', peer, 3)).toEqual([]);
    expect(await unanswered(lab, 'peer1', ROUTER_ADDRESS, 3)).toEqual([]);
  });

  test('reach each other by TCP', async () => {
    await transfer('router', 'peer1', peer);
    await transfer('peer1', 'router', ROUTER_ADDRESS);
  });
});
