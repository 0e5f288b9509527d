import { setTimeout } from 'node:timers/promises';
import { Conversation, type Outage } from '@6bed4/testing/kernel/conversation';
import { addressesOf } from '@6bed4/testing/kernel/internet';
import { loadBox, type Place, PUBLIC } from '@6bed4/testing/kernel/natTopology';
import { unanswered } from '@6bed4/testing/kernel/ping';
import { program } from '@6bed4/testing/kernel/programs';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** Seconds of an outage at most, as docs/direct-paths.md says. */
const DIRECT_PATH_LOST = 5.5;
const NAT_FORGOT_ALL = 6;
/** Seconds that this computer may be late. */
const MARGIN = 1;

const ROUTER_STOPPED = 2;

/** Bytes of a transfer that is begun after a fault. */
const LATER_TRANSFER = 1 << 20;

/**
 * TCP waits twice as long before each retransmission, so that the next one comes at the latest when an
 * outage is over for as long as it lasted.
 */
function expectOutage({ echo, transfer }: Outage, most: number): void {
  expect(echo).toBeLessThan(most + MARGIN);
  expect(transfer).toBeLessThan(2 * most + MARGIN);
}

/** A conversation that the tests of one suite have in turn; suites have theirs at the same time. */
function converse(place: Place, path: string): () => Conversation {
  let conversation: Conversation;
  beforeAll(async () => {
    conversation = await Conversation.start(place, path);
  });
  afterAll(() => conversation?.dispose());
  return () => conversation;
}

function losesNoByte(talk: () => Conversation): void {
  it.sequential('loses no byte', { timeout: 40_000 }, async () => {
    expect(await talk().finish()).toBeGreaterThan(0);
  });
}

// Most of the time they wait, so the suites run at the same time, and their tests in turn.
describeKernel('two peers in the middle of a TCP transfer', () => {
  describe.concurrent('on a direct path through two NATs', () => {
    const talk = converse({ left: 'masquerade', right: 'masquerade' }, 'direct');

    it.sequential('go on when both NATs forget all mappings', async () => {
      const fault = () => Promise.all([talk().forget('left'), talk().forget('right')]);
      expectOutage(await talk().outage('direct, both NATs forget', fault, 8), NAT_FORGOT_ALL);
      expect(talk().lastPath('left')).toBe('direct');
      expect(talk().lastPath('right')).toBe('direct');
    });

    it.sequential('go on when a NAT is loaded anew', async () => {
      const fault = async () => {
        await loadBox(talk().lab, 'left', 'masquerade');
        await talk().forget('left');
      };
      expectOutage(await talk().outage('direct, a NAT is reloaded', fault, 7), DIRECT_PATH_LOST);
    });

    it.sequential('do not miss a router that is killed and started again', async () => {
      const fault = () => talk().restartRouter(ROUTER_STOPPED);
      expectOutage(await talk().outage('direct, the router is killed', fault, 2), 0);
    });

    losesNoByte(talk);
  });

  describe.concurrent('on a direct path that is cut, and mended later', () => {
    const talk = converse({ left: 'masquerade', right: 'masquerade' }, 'direct');

    it.sequential('take the router', async () => {
      const fault = () =>
        talk().lab.nft(
          'leftNat',
          `table ip cut {
            chain through {
              type filter hook forward priority filter;
              ip saddr ${PUBLIC.right} drop
              ip daddr ${PUBLIC.right} drop
            }
          }`,
        );
      expectOutage(await talk().outage('direct, the path is cut', fault, 8), DIRECT_PATH_LOST);
      expect(talk().lastPath('left')).toBe('relayed');
      expect(talk().lastPath('right')).toBe('relayed');
    });

    it.sequential('miss a router that is killed until it is back', async () => {
      const fault = () => talk().restartRouter(ROUTER_STOPPED);
      const outage = await talk().outage('relayed, the router is killed for 2 s', fault, 3);
      expect(outage.echo).toBeGreaterThan(ROUTER_STOPPED - MARGIN / 2);
      // Node.js takes a moment to start.
      expectOutage(outage, ROUTER_STOPPED + MARGIN);
    });

    it.sequential('go direct again without a gap', { timeout: 90_000 }, async () => {
      const { daemon } = talk().peers.left;
      const told = daemon.stdout.length;
      const isDirect = (): boolean =>
        daemon.stdout.slice(told).some((line) => line.startsWith('path direct'));
      const mend = async () => {
        await talk().lab.exec('leftNat', ['nft', 'delete', 'table', 'ip', 'cut']);
        for (let tenths = 0; tenths < 700 && !isDirect(); tenths++) await setTimeout(100);
      };
      expectOutage(await talk().outage('relayed, the path is mended', mend, 1), 0);
      expect(talk().lastPath('left')).toBe('direct');
    });

    losesNoByte(talk);
  });

  describe.concurrent('through the router, past two NATs', () => {
    const place: Place = { left: 'masquerade', right: 'masquerade', blocked: true };
    const talk = converse(place, 'relayed');

    it.sequential('go on when the NAT of the sender forgets all mappings', async () => {
      // Its next packet opens the NAT again.
      const fault = () => talk().forget('left');
      expectOutage(await talk().outage("relayed, the sender's NAT forgets", fault, 2), 0);
    });

    // Nothing from outside gets in any more: that there is silence is all the receiver sees.
    it.sequential.each(['once', 'and soon once more'])(
      'go on when the NAT of the receiver forgets all mappings, %s',
      async (when) => {
        const what = `relayed, the receiver's NAT forgets ${when}`;
        const fault = () => talk().forget('right');
        expectOutage(await talk().outage(what, fault, 8), NAT_FORGOT_ALL);
      },
    );

    losesNoByte(talk);
  });

  describe.concurrent('on the local network', () => {
    const talk = converse({ shared: 'lan' }, 'lan');

    it.sequential('take the router when the network separates its members', async () => {
      const fault = async () => {
        for (const port of ['leftPort', 'rightPort']) {
          await talk().lab.ip('leftNat', `link set ${port} type bridge_slave isolated on`);
        }
      };
      expectOutage(await talk().outage('lan, members are separated', fault, 8), DIRECT_PATH_LOST);
      expect(talk().lastPath('left')).toBe('relayed');
      expect(talk().lastPath('right')).toBe('relayed');
    });

    losesNoByte(talk);
  });

  describe.concurrent('of whom one is killed and started again', () => {
    const talk = converse({ left: 'masquerade', right: 'masquerade' }, 'direct');

    it.sequential.each(['left', 'right'] as const)('go on when it is the %s one', async (side) => {
      const { address } = talk().peers[side];
      let gone = 0;
      const fault = async () => {
        gone = await talk().restartPeer(side);
      };
      const outage = await talk().outage(`direct, the ${side} peer is killed`, fault, 7);
      expect(talk().peers[side].address).toBe(address);
      expectOutage(outage, gone);
    });

    losesNoByte(talk);
  });

  // The address of a peer spells its public endpoint. Another public port is another address, and what
  // was bound to the old one is lost with it: no transfer outlives this, but everything new works.
  describe.concurrent('while a NAT changes a public port', () => {
    const talk = converse({ left: 'other-port', right: 'masquerade' }, 'direct');

    async function change(box: 'other-port' | 'fully-random', port?: number): Promise<void> {
      await loadBox(talk().lab, 'left', box, port);
      await talk().forget('left');
    }

    async function addressOfLeft(): Promise<string> {
      const addresses = await addressesOf(talk().lab, 'left');
      expect(addresses).toHaveLength(1);
      return addresses[0]!.split('/')[0]!;
    }

    async function expectAllToWork(): Promise<void> {
      const { lab, peers } = talk();
      expect(await unanswered(lab, 'right', await addressOfLeft(), 10)).toEqual([]);
      const receiver = lab.spawn('right', program('tcpReceiver', 5002));
      await receiver.waitForLine(/listening/);
      const argv = program('tcpSender', peers.right.address, 5002, LATER_TRANSFER);
      const sent = JSON.parse((await lab.exec('left', argv)).stdout) as object;
      expect(sent).toMatchObject({ bytes: LATER_TRANSFER });
      expect(JSON.parse(await receiver.waitForLine(/sha256/))).toEqual(sent);
    }

    it.sequential('talk under the new address, directly', async () => {
      const before = await addressOfLeft();
      const fault = () => change('other-port', 50_001);
      const { echo } = await talk().outage('direct, another public port', fault, 8);
      expect(echo).toBeLessThan(NAT_FORGOT_ALL + MARGIN);
      const after = await addressOfLeft();
      expect(after).toBe(before.replace(':c350:', ':c351:'));
      expect(talk().lastPath('left')).toBe('direct');
      expect(talk().lastPath('right', after)).toBe('direct');
      await expectAllToWork();
    });

    it.sequential('talk through the router once that NAT is symmetric', async () => {
      const before = await addressOfLeft();
      const fault = () => change('fully-random');
      const { echo } = await talk().outage('direct, the NAT becomes symmetric', fault, 8);
      expect(echo).toBeLessThan(NAT_FORGOT_ALL + MARGIN);
      expect(await addressOfLeft()).not.toBe(before);
      expect(talk().lastPath('left')).toBe('relayed');
      await expectAllToWork();
    });

    it.sequential('talk on when the symmetric NAT forgets', async () => {
      const before = await addressOfLeft();
      const fault = () => talk().forget('left');
      const { echo } = await talk().outage('relayed, a symmetric NAT forgets', fault, 3);
      // The router corrects a false address at once.
      expect(echo).toBeLessThan(MARGIN);
      expect(await addressOfLeft()).not.toBe(before);
      expect(talk().lastPath('left')).toBe('relayed');
      await expectAllToWork();
    });
  });
});
