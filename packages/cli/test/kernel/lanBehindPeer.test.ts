import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { decodeAddress } from '@6bed4/codec';
import { addressesOf } from '@6bed4/testing/kernel/interfaces';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { unanswered } from '@6bed4/testing/kernel/ping';
import { program } from '@6bed4/testing/kernel/programs';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Examples, NATIVE, ROUTER } from './support/examples.js';
import {
  buildLan,
  getAddress,
  guideBlock,
  plugIn,
  startPeerOfLan,
  writeHook,
} from './support/lanExamples.js';

/** Of the peer of the guide, at 192.0.2.2 port 40000. */
const NET = 'fc64:bed:c000:201:c000:202:9c40';

/** Milliseconds; a client of DHCPv6 begins with a pause of its choice. */
const PATIENCE = 60_000;

describeKernel('a LAN behind a peer', () => {
  let examples: Examples;
  let lab: Lab;
  beforeEach(async () => {
    examples = new Examples();
    lab = examples.lab;
    await examples.build();
  });
  afterEach(() => lab.dispose());

  /** Runs the lines of a block of the guide for a host. */
  const follow = (host: string, block: string) => lab.exec(host, ['sh', '-ec', block]);

  const peerLine = (): string => guideBlock('6bed4 peer --router').split('\n')[1]!;

  /** Follows the guide up to the start of the peer. */
  async function startLan(...hosts: string[]): Promise<RunningProgram> {
    await buildLan(lab, ...hosts);
    await follow('laptop', guideBlock('sysctl').split('\n')[0]!);
    return (await startPeerOfLan(examples, peerLine())).daemon;
  }

  async function serve(host: string): Promise<void> {
    await lab.spawn(host, program('httpServer', 80)).waitForLine(/listening/);
  }

  /** What a host loads from another one: it says whom it sees. */
  async function load(host: string, address: string): Promise<string> {
    const argv = ['curl', '-sS', '--max-time', '4', `http://[${address}]/`];
    return (await lab.exec(host, argv, { mayFail: true })).stdout;
  }

  test(
    'has addresses by DHCPv6 and by hand, which reach everything and are reached',
    async () => {
      await examples.addNative();
      await examples.daemon('router', `6bed4 router --listen ${ROUTER} --route 2000::/3`);
      const other = await examples.daemon('other', `6bed4 peer --router ${ROUTER}`);
      const otherAddress = await examples.addressOf(other);
      await startLan('desk', 'printer');

      await Promise.all(['desk', 'printer'].map((host) => plugIn(lab, host)));
      const desk = await getAddress(lab, 'desk');
      const { lanip } = decodeAddress(desk);
      expect(lanip).toBeGreaterThan(2);
      expect(lanip).toBeLessThanOrEqual(16_383 - 256);
      await follow('printer', guideBlock('3fff'));
      const printer = `${NET}:3fff`;

      await Promise.all(['native', 'other', 'desk', 'printer'].map(serve));
      for (const [host, address] of [
        ['desk', desk],
        ['printer', printer],
      ] as const) {
        for (const [label, remote] of [
          ['native', NATIVE],
          ['other', otherAddress],
        ] as const) {
          expect(await unanswered(lab, host, remote, 2)).toEqual([]);
          expect(await load(host, remote)).toBe(`/ for ${address}\n`);
          expect(await unanswered(lab, label, address, 2)).toEqual([]);
          expect(await load(label, address)).toContain('/ for ');
        }
        // The computer with the peer, at both of its addresses.
        for (const own of [`${NET}:1`, `${NET}:2`]) {
          expect([own, await unanswered(lab, host, own, 1)]).toEqual([own, []]);
        }
      }
      expect(await load('desk', printer)).toBe(`/ for ${desk}\n`);
      expect(await load('laptop', printer)).toContain('/ for ');

      // The rules of the guide let in nothing but answers.
      await follow('laptop', guideBlock('nft add'));
      expect(await load('other', desk)).toBe('');
      expect(await load('desk', otherAddress)).toBe(`/ for ${desk}\n`);
      expect(await load('laptop', desk)).toContain('/ for ');
    },
    PATIENCE,
  );

  test(
    'has other addresses when the peer has, and none behind its end',
    async () => {
      await examples.daemon('router', `6bed4 router --listen ${ROUTER}`);
      const daemon = await startLan('desk');
      const pidFile = join(lab.folder, 'hook-state/pid');
      expect(existsSync(pidFile)).toBe(true);
      await daemon.stop('SIGKILL');
      const { daemon: second } = await startPeerOfLan(
        examples,
        peerLine().replace('40000', '40001'),
      );
      await plugIn(lab, 'desk');
      const desk = await getAddress(lab, 'desk');
      expect(desk).toMatch(/:9c41:/);
      expect(await unanswered(lab, 'router', desk, 2)).toEqual([]);
      expect(await addressesOf(lab, 'laptop', 'lan')).toEqual([
        `${NET.replace('9c40', '9c41')}:2/64`,
      ]);
      expect(await second.stop()).toEqual({ code: 0, signal: null });
      expect(existsSync(pidFile)).toBe(false);
      expect(await addressesOf(lab, 'laptop', 'lan')).toEqual([]);
      expect(await lab.ip('laptop', '-6 route show table 66')).toBe('');
    },
    PATIENCE,
  );

  test.each([
    ['2001:db8:beef::2', '2001:db8:beef::3fff', 'not accepted: 2001:db8:beef::2'],
    ['fc64::2;touch<here', 'fc64::3fff', 'not addresses'],
    ['fc64::2', '$(touch here)', 'not addresses'],
  ])('is not given what is none of its addresses: %s to %s', async (first, last, reason) => {
    await buildLan(lab);
    const argv = ['env', '-C', lab.folder, writeHook(lab.folder), '1', 'add-range-offer'];
    const found = await lab.exec('laptop', [...argv, first, last], { mayFail: true });
    expect(found).toMatchObject({ code: 1, stdout: expect.stringContaining(reason) });
    expect(await lab.ip('laptop', '-6 route show table all')).not.toContain('table 66');
    expect(await addressesOf(lab, 'laptop', 'lan')).toEqual([]);
    const files = await lab.exec('laptop', ['ls', lab.folder, `${lab.folder}/hook-state`]);
    expect(files.stdout).not.toMatch(/here|pid/);
  });
}, ['dnsmasq', 'dhclient', 'curl']);
