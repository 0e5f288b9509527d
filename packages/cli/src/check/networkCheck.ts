import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Endpoint } from '@6bed4/codec';
import type { PeerDaemon } from '@6bed4/node';
import { interfaceAddresses } from '../process/interfaceAddresses.js';
import { isSameEndpoint, type Observation, type UnaskedDatagram } from './natBehavior.js';
import {
  answerOf,
  arrives,
  combined,
  echo,
  leaseFrom,
  nonceIn,
  nonceOf,
  openProbe,
  PACE,
  PATIENCE,
  type Probe,
  type ProbeSettings,
  type RouterAnswer,
  TRIES,
} from './probe.js';

/** Packets that are tried, the largest first: the MTU of the tunnel, and what passes nearly everywhere. */
const LENGTHS = [1280, 512] as const;
/** IPv6 header, and that of an echo. */
const ECHO_OVERHEAD = 48;

/** What was found out by sending; what could not be is null. */
export interface NetworkFindings {
  /** The local endpoint of the socket that the routers saw. */
  readonly local: Endpoint;
  readonly routers: readonly RouterAnswer[];
  /** Whether a router saw an address of this computer itself. */
  readonly isTranslated: boolean | null;
  /** Where two routers saw one socket. */
  readonly observations: readonly Observation[];
  readonly unasked: UnaskedDatagram | null;
  /** Bytes of the largest packet that was relayed; 0 for none. */
  readonly largestPacket: number | null;
}

/** Settings of a check. */
export interface CheckSettings extends ProbeSettings {
  /** The routers to ask, one or two. */
  readonly routers: readonly Endpoint[];
  /** Called with what is being done. */
  readonly onProgress: (what: string, router: Endpoint) => void;
}

/**
 * Finds out by two sockets and one or two routers what the network does to UDP. The second router must not be asked
 * by the first socket before a datagram from it was expected there.
 *
 * @throws StartError when no UDP socket is to be had
 */
export async function checkNetwork(settings: CheckSettings): Promise<NetworkFindings> {
  const [first, second] = settings.routers as readonly [Endpoint, Endpoint?];
  const own = await openProbe(settings, first);
  const other = await openProbe(settings, second ?? first).catch(async (error) => {
    await own.peer.close();
    throw error;
  });
  try {
    for (const router of settings.routers) settings.onProgress('asking', router);
    const [answer, otherAnswer] = await Promise.all([
      answerOf(own, first),
      answerOf(other, second ?? first),
    ]);
    const both = answer.seenAt !== null && otherAnswer.seenAt !== null;
    const nat =
      second !== undefined && both
        ? await compareRouters(own, other, [first, second])
        : { observations: [], unasked: null };
    return {
      local: own.peer.endpoint,
      routers: second === undefined ? [answer] : [answer, otherAnswer],
      isTranslated: answer.seenAt && !isLocal(answer.seenAt, own.peer.endpoint),
      ...nat,
      largestPacket: both ? await largestPacket(own.peer, other.peer) : null,
    };
  } finally {
    await Promise.all([own.peer.close(), other.peer.close()]);
  }
}

/**
 * Lets the second router send to the first socket, which sends to that router only then. Whether the router
 * relays at all is seen when the filter is open.
 */
async function compareRouters(
  probe: Probe,
  { peer: other }: Probe,
  [first, second]: readonly [Endpoint, Endpoint],
): Promise<Pick<NetworkFindings, 'observations' | 'unasked'>> {
  const { peer: own } = probe;
  const lease = leaseFrom(own, first)!;
  const from = leaseFrom(other, second)!.address;
  const to = combined(from, lease.address);
  const arrived = await arrives(other, [from, to], probe, second);
  own.addRouter(second);
  const start = performance.now();
  while (leaseFrom(own, second) === undefined && performance.now() - start < PATIENCE) {
    await delay(10);
  }
  const seenBySecond = leaseFrom(own, second)?.publicEndpoint ?? null;
  if (seenBySecond === null) return { observations: [], unasked: null };
  const seenByFirst = lease.publicEndpoint!;
  const isRelaying =
    arrived ||
    (isSameEndpoint(seenByFirst, seenBySecond) &&
      (await arrives(other, [from, to], probe, second)));
  return {
    observations: [
      { router: first, seenAt: seenByFirst },
      { router: second, seenAt: seenBySecond },
    ],
    unasked: isRelaying ? { asked: first, from: second, arrived } : null,
  };
}

/** Sends packets from one peer to the other through their common router. */
async function largestPacket(own: PeerDaemon, other: PeerDaemon): Promise<number | null> {
  const [to] = other.leases;
  const from = to && leaseFrom(own, to.router);
  if (to === undefined || from === undefined) return null;
  let received = '';
  const onPacket = (packet: Uint8Array): void => {
    received = nonceIn(packet);
  };
  other.on('packet', onPacket);
  for (const length of LENGTHS) {
    const data = randomBytes(length - ECHO_OVERHEAD);
    for (let sent = 0; sent < TRIES; sent++) {
      own.send(echo(from.address, to.address, data));
      await delay(PACE);
      if (received === nonceOf(data)) return length;
    }
  }
  return 0;
}

function isLocal(seenAt: Endpoint, local: Endpoint): boolean {
  return (
    seenAt.port === local.port &&
    interfaceAddresses().some(({ address }) => address === seenAt.address)
  );
}
