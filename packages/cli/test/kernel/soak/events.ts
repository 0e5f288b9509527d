import { setTimeout as sleep } from 'node:timers/promises';
import type { Conversation } from '@6bed4/testing/kernel/conversation';
import { TUN } from '@6bed4/testing/kernel/interfaces';
import { loadMiddlebox, type Side } from '@6bed4/testing/kernel/natTopology';
import type { SoakEventName } from '@6bed4/testing/soak/bounds';

/** An event of a soak on real kernels. */
export interface RealEvent {
  readonly name: SoakEventName;
  /** What exactly happens, for people. */
  readonly what: string;
  /** Milliseconds for which nothing can pass. */
  readonly lasts: number;
  /** Lets it happen, from begin to end. */
  happen(conversation: Conversation): Promise<void>;
}

const OUTAGE = 3_000;
const ROUTER_OUTAGE = 4_000;
const INSIDE = { left: '10.0.1', right: '10.0.2' } as const;

function forgets(...sides: Side[]): RealEvent['happen'] {
  return async (conversation) => {
    await Promise.all(sides.map((side) => conversation.flushMappings(side)));
  };
}

function stops(side: Side): RealEvent['happen'] {
  return async ({ peers }) => {
    const { pid } = peers[side].daemon;
    process.kill(pid, 'SIGSTOP');
    await sleep(OUTAGE);
    process.kill(pid, 'SIGCONT');
  };
}

/** Does as a DHCP client whose router came back with another address for it. */
async function getsAddress({ lab }: Conversation, side: Side): Promise<void> {
  const net = INSIDE[side];
  const shown = await lab.ip(side, '-4 -o addr show dev eth0');
  const host = Number(/inet [\d.]+\.(\d+)\//.exec(shown)?.[1]);
  const other = host === 2 ? 7 : 2;
  await lab.ip(side, `addr del ${net}.${host}/24 dev eth0`);
  // Before anything is sent from the new one, which would get another port beside the old one.
  const old = ['conntrack', '-D', '-s', `${net}.${host}`];
  await lab.exec(`${side}Nat`, old, { mayFail: true });
  await lab.ip(side, `addr add ${net}.${other}/24 dev eth0`);
  await lab.ip(side, `route replace default via ${net}.1`);
}

async function losesLink({ lab }: Conversation, side: Side): Promise<void> {
  await lab.ip(side, 'link set eth0 down');
  await sleep(OUTAGE);
  await lab.ip(side, 'link set eth0 up');
  await lab.ip(side, `route replace default via ${INSIDE[side]}.1`);
}

/** All events: each happens once before any happens again. */
export const realEvents: readonly RealEvent[] = [
  { name: 'nat-forgets', what: "the sender's NAT", lasts: 0, happen: forgets('left') },
  { name: 'nat-forgets', what: "the receiver's NAT", lasts: 0, happen: forgets('right') },
  { name: 'nats-forget', what: 'both NATs', lasts: 0, happen: forgets('left', 'right') },
  {
    name: 'nat-forgets',
    what: 'the rules of a NAT are loaded anew',
    lasts: 0,
    happen: async (conversation) => {
      await loadMiddlebox(conversation.lab, 'left', 'masquerade');
      await conversation.flushMappings('left');
    },
  },
  {
    name: 'router-restarts',
    what: 'killed and started',
    lasts: 0,
    happen: (conversation) => conversation.restartRouter(0),
  },
  {
    name: 'router-outage',
    what: `${ROUTER_OUTAGE / 1000} s`,
    lasts: 0,
    happen: (conversation) => conversation.restartRouter(ROUTER_OUTAGE / 1000),
  },
  {
    name: 'link-outage',
    what: 'of a NAT',
    lasts: OUTAGE,
    happen: async ({ lab }) => {
      await lab.plug('rightNat', false);
      await sleep(OUTAGE);
      await lab.plug('rightNat', true);
    },
  },
  {
    name: 'unplugged',
    what: 'the interface goes down',
    lasts: OUTAGE,
    happen: (conversation) => losesLink(conversation, 'right'),
  },
  { name: 'paused', what: 'SIGSTOP at one side', lasts: OUTAGE, happen: stops('left') },
  { name: 'paused', what: 'SIGSTOP at the other side', lasts: OUTAGE, happen: stops('right') },
  {
    name: 'host-address',
    what: 'and its NAT forgets the old one',
    lasts: 0,
    happen: (conversation) => getsAddress(conversation, 'left'),
  },
  {
    name: 'interface-address',
    what: 'ip addr flush',
    lasts: 0,
    happen: async ({ lab }) => {
      await lab.ip('right', `-6 addr flush dev ${TUN}`);
    },
  },
];
