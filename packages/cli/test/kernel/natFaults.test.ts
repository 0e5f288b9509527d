import { setTimeout } from 'node:timers/promises';
import { Conversation, type Outage } from '@6bed4/testing/kernel/conversation';
import { addressesOf } from '@6bed4/testing/kernel/interfaces';
import { loadMiddlebox, type NatTopology, PUBLIC } from '@6bed4/testing/kernel/natTopology';
import { unanswered } from '@6bed4/testing/kernel/ping';
import { program } from '@6bed4/testing/kernel/programs';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** Longest outages in seconds, as in docs/direct-paths.md. */
const DIRECT_PATH_LOST = 2;
const NAT_FORGOT_ALL = 2;
/** Delay of this computer in seconds. */
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

/** Starts a conversation for the tests of one suite, which run in turn. */
function useConversation(topology: NatTopology, path: string): () => Conversation {
  let conversation: Conversation;
  beforeAll(async () => {
    conversation = await Conversation.start(topology, path);
  });
  afterAll(() => conversation?.dispose());
  return () => conversation;
}

function losesNoByte(conversation: () => Conversation): void {
  test.sequential('loses no byte', { timeout: 40_000 }, async () => {
    expect(await conversation().finish()).toBeGreaterThan(0);
  });
}

// Most of the time they wait, so the suites run at the same time, and their tests in turn.
describeKernel('two peers in the middle of a TCP transfer', () => {
  describe.concurrent('on a direct path through two NATs', () => {
    const conversation = useConversation({ left: 'masquerade', right: 'masquerade' }, 'direct');

    test.sequential('continue after both NATs lose all mappings', async () => {
      const fault = () =>
        Promise.all([conversation().flushMappings('left'), conversation().flushMappings('right')]);
      expectOutage(
        await conversation().measureOutage('direct, both NATs lose their mappings', fault, 8),
        NAT_FORGOT_ALL,
      );
      expect(conversation().lastPath('left')).toBe('direct');
      expect(conversation().lastPath('right')).toBe('direct');
    });

    test.sequential('continue after a NAT is reloaded', async () => {
      const fault = async () => {
        await loadMiddlebox(conversation().lab, 'left', 'masquerade');
        await conversation().flushMappings('left');
      };
      expectOutage(
        await conversation().measureOutage('direct, a NAT is reloaded', fault, 7),
        DIRECT_PATH_LOST,
      );
    });

    test.sequential('continue while the router is killed and started again', async () => {
      const fault = () => conversation().restartRouter(ROUTER_STOPPED);
      expectOutage(await conversation().measureOutage('direct, the router is killed', fault, 2), 0);
    });

    losesNoByte(conversation);
  });

  describe.concurrent('on a direct path that is blocked, and later open again', () => {
    const conversation = useConversation({ left: 'masquerade', right: 'masquerade' }, 'direct');

    test.sequential('continue through the router', async () => {
      const fault = () =>
        conversation().lab.nft(
          'leftNat',
          `table ip cut {
            chain through {
              type filter hook forward priority filter;
              ip saddr ${PUBLIC.right} drop
              ip daddr ${PUBLIC.right} drop
            }
          }`,
        );
      expectOutage(
        await conversation().measureOutage('direct, the path is cut', fault, 8),
        DIRECT_PATH_LOST,
      );
      expect(conversation().lastPath('left')).toBe('relayed');
      expect(conversation().lastPath('right')).toBe('relayed');
    });

    test.sequential('continue after the router is killed and started again', async () => {
      const fault = () => conversation().restartRouter(ROUTER_STOPPED);
      const outage = await conversation().measureOutage(
        'relayed, the router is killed for 2 s',
        fault,
        3,
      );
      expect(outage.echo).toBeGreaterThan(ROUTER_STOPPED - MARGIN / 2);
      // Node.js takes a moment to start.
      expectOutage(outage, ROUTER_STOPPED + MARGIN);
    });

    test.sequential('return to the direct path without a gap', { timeout: 90_000 }, async () => {
      const { daemon } = conversation().peers.left;
      const before = daemon.stdout.length;
      const isDirect = (): boolean =>
        daemon.stdout.slice(before).some((line) => line.startsWith('path direct'));
      const repair = async () => {
        await conversation().lab.exec('leftNat', ['nft', 'delete', 'table', 'ip', 'cut']);
        for (let tenths = 0; tenths < 700 && !isDirect(); tenths++) await setTimeout(100);
      };
      expectOutage(
        await conversation().measureOutage('relayed, the path is repaired', repair, 1),
        0,
      );
      expect(conversation().lastPath('left')).toBe('direct');
    });

    losesNoByte(conversation);
  });

  describe.concurrent('through the router, behind two NATs', () => {
    const topology: NatTopology = { left: 'masquerade', right: 'masquerade', blocked: true };
    const conversation = useConversation(topology, 'relayed');

    test.sequential('continue after the NAT of the sender loses all mappings', async () => {
      // Its next packet opens the NAT again.
      const fault = () => conversation().flushMappings('left');
      expectOutage(
        await conversation().measureOutage(
          "relayed, the sender's NAT loses its mappings",
          fault,
          2,
        ),
        0,
      );
    });

    // Nothing from outside gets in any more: that there is silence is all the receiver sees.
    test.sequential.each(['once', 'and soon once more'])(
      'continue after the NAT of the receiver loses all mappings, %s',
      async (when) => {
        const what = `relayed, the receiver's NAT loses its mappings ${when}`;
        const fault = () => conversation().flushMappings('right');
        expectOutage(await conversation().measureOutage(what, fault, 8), NAT_FORGOT_ALL);
      },
    );

    losesNoByte(conversation);
  });

  describe.concurrent('on the local network', () => {
    const conversation = useConversation({ shared: 'lan' }, 'lan');

    test.sequential('continue through the router after the switch isolates its ports', async () => {
      const fault = async () => {
        for (const port of ['leftPort', 'rightPort']) {
          await conversation().lab.ip('leftNat', `link set ${port} type bridge_slave isolated on`);
        }
      };
      expectOutage(
        await conversation().measureOutage('lan, members are separated', fault, 8),
        DIRECT_PATH_LOST,
      );
      expect(conversation().lastPath('left')).toBe('relayed');
      expect(conversation().lastPath('right')).toBe('relayed');
    });

    losesNoByte(conversation);
  });

  describe.concurrent('one of which is killed and started again', () => {
    const conversation = useConversation({ left: 'masquerade', right: 'masquerade' }, 'direct');

    test.sequential.each(['left', 'right'] as const)(
      'continue when it is the %s one',
      async (side) => {
        const { address } = conversation().peers[side];
        let gone = 0;
        const fault = async () => {
          gone = await conversation().restartPeer(side);
        };
        const outage = await conversation().measureOutage(
          `direct, the ${side} peer is killed`,
          fault,
          7,
        );
        expect(conversation().peers[side].address).toBe(address);
        expectOutage(outage, gone);
      },
    );

    losesNoByte(conversation);
  });

  // The address of a peer contains its public endpoint. Another public port is another address, and what
  // was bound to the old one is lost with it: no transfer outlives this, but everything new works.
  describe.concurrent('while a NAT changes a public port', () => {
    const conversation = useConversation({ left: 'other-port', right: 'masquerade' }, 'direct');

    async function change(middlebox: 'other-port' | 'fully-random', port?: number): Promise<void> {
      await loadMiddlebox(conversation().lab, 'left', middlebox, port);
      await conversation().flushMappings('left');
    }

    async function addressOfLeft(): Promise<string> {
      const addresses = await addressesOf(conversation().lab, 'left');
      expect(addresses).toHaveLength(1);
      return addresses[0]!.split('/')[0]!;
    }

    async function expectPingAndTcp(): Promise<void> {
      const { lab, peers } = conversation();
      expect(await unanswered(lab, 'right', await addressOfLeft(), 10)).toEqual([]);
      const receiver = lab.spawn('right', program('tcpReceiver', 5002));
      await receiver.waitForLine(/listening/);
      const argv = program('tcpSender', peers.right.address, 5002, LATER_TRANSFER);
      const sent = JSON.parse((await lab.exec('left', argv)).stdout) as object;
      expect(sent).toMatchObject({ bytes: LATER_TRANSFER });
      expect(JSON.parse(await receiver.waitForLine(/sha256/))).toEqual(sent);
    }

    test.sequential('use the new address, directly', async () => {
      const before = await addressOfLeft();
      const fault = () => change('other-port', 50_001);
      const { echo } = await conversation().measureOutage('direct, another public port', fault, 8);
      expect(echo).toBeLessThan(NAT_FORGOT_ALL + MARGIN);
      const after = await addressOfLeft();
      expect(after).toBe(before.replace(':c350:', ':c351:'));
      expect(conversation().lastPath('left')).toBe('direct');
      expect(conversation().lastPath('right', after)).toBe('direct');
      await expectPingAndTcp();
    });

    test.sequential('use the router once the mapping is address- and port-dependent', async () => {
      const before = await addressOfLeft();
      const fault = () => change('fully-random');
      const { echo } = await conversation().measureOutage(
        'direct, the NAT becomes symmetric',
        fault,
        8,
      );
      expect(echo).toBeLessThan(NAT_FORGOT_ALL + MARGIN);
      expect(await addressOfLeft()).not.toBe(before);
      expect(conversation().lastPath('left')).toBe('relayed');
      await expectPingAndTcp();
    });

    test.sequential('continue after that NAT loses all mappings', async () => {
      const before = await addressOfLeft();
      const fault = () => conversation().flushMappings('left');
      const { echo } = await conversation().measureOutage(
        'relayed, a symmetric NAT loses its mappings',
        fault,
        3,
      );
      // The router corrects a false address at once.
      expect(echo).toBeLessThan(MARGIN);
      expect(await addressOfLeft()).not.toBe(before);
      expect(conversation().lastPath('left')).toBe('relayed');
      await expectPingAndTcp();
    });
  });
});
