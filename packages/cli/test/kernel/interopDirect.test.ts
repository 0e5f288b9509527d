import { type DialectName, decodeAddress, type Endpoint, formatEndpoint } from '@6bed4/codec';
import { command, PORT, startRouter } from '@6bed4/testing/kernel/daemons';
import { addressesOf } from '@6bed4/testing/kernel/interfaces';
import { ROUTER_IPV4 } from '@6bed4/testing/kernel/internet';
import { Lab } from '@6bed4/testing/kernel/lab';
import { refuseUnsolicited } from '@6bed4/testing/kernel/natTopology';
import { countReplies } from '@6bed4/testing/kernel/ping';
import { program } from '@6bed4/testing/kernel/programs';
import {
  JAVA_64,
  JAVA_CLASSES,
  JAVA_ROUTER_IPV4,
  NATIVE_64,
  PEER_2012,
  PEER_2020,
  ROUTER_2012,
  ROUTER_2020,
  startJava,
  startReferencePeer2012,
  startReferencePeer2020,
  startReferenceRouter2012,
  startReferenceRouter2020,
} from '@6bed4/testing/kernel/references';
import { describeWithPrograms } from '@6bed4/testing/kernel/requirements';
import { Capture, type Frame, faultsOf } from '@6bed4/testing/kernel/tshark';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { afterEach, expect, test } from 'vitest';

/** The well-known port of draft01. */
const PORT_2012 = 25788;

/** Series of packets, which differ in size: the first ones find the path, the last one is judged. */
const FIRST = { count: 6, size: 10 };
const JUDGED = { count: 8, size: 200 };
/** IPv6 header, and that of an ICMPv6 echo or of UDP. */
const HEADERS = 48;

/** Milliseconds between datagrams: slower than Java, which gives up on a path after 150 ms. */
const INTERVAL = 200;
const ECHO_PORT = 7;
const SERIES = [FIRST, JUDGED].flatMap(({ count, size }) => [count, size]);
const ANSWERED = `answered ${FIRST.count + JUDGED.count}`;

/** Placement of `peer1` and `peer2`. */
type Placement = 'on the Internet' | 'each behind a NAT' | 'each behind a NAT that accepts all';
const placements: readonly Placement[] = [
  'on the Internet',
  'each behind a NAT',
  'each behind a NAT that accepts all',
];
/** Deployed peers solicit before they relay anything, which spoils a NAT that accepts all (docs/nat-matrix.md). */
const whereDeployedMayBegin = placements.filter((kind) => !kind.endsWith('accepts all'));

let lab: Lab;
let capture: Capture;

afterEach(() => lab.dispose());

/** A host for the router at `routerIPv4`, and peers at the public addresses next to it, .2 and .3. */
async function build(kind: Placement, routerIPv4 = ROUTER_IPV4): Promise<void> {
  lab = new Lab();
  await lab.internet();
  capture = await Capture.start(lab, [PORT, PORT_2012]);
  await lab.host('router');
  await lab.attach('router', `${routerIPv4}/24`);
  for (const number of [1, 2]) {
    const peer = `peer${number}`;
    const address = routerIPv4.replace(/\d+$/, `${number + 1}/24`);
    await lab.host(peer);
    if (kind === 'on the Internet') await lab.attach(peer, address);
    else await hideBehindNat(peer, `nat${number}`, address, `192.168.${number}`);
    if (kind === 'each behind a NAT') await refuseUnsolicited(lab, `nat${number}`);
  }
}

async function hideBehindNat(
  peer: string,
  nat: string,
  address: string,
  local: string,
): Promise<void> {
  await lab.host(nat);
  await lab.attach(nat, address);
  await lab.link([nat, 'lan', `${local}.1/24`], [peer, 'eth0', `${local}.2/24`]);
  await lab.ip(peer, `route add default via ${local}.1`);
  await lab.masquerade(nat, 'eth0');
}

interface OurPeer {
  readonly daemon: RunningProgram;
  readonly address: string;
}

/** Our peer, on `peer1`. */
async function startOurs(dialect: DialectName, routerIPv4 = ROUTER_IPV4): Promise<OurPeer> {
  // Paths to remotes that begin are a detail of the log.
  const words = command('peer', '--router', routerIPv4, '--dialect', dialect, '--verbose');
  const daemon = lab.spawn('peer1', words);
  await daemon.waitForLine(/^ready/);
  return { daemon, address: (await addressesOf(lab, 'peer1'))[0]!.split('/')[0]! };
}

/** Frames of two peers on the wire, and the public endpoints in their addresses. */
class CapturedPackets {
  readonly #frames: readonly Frame[];
  readonly #endpoints: readonly Endpoint[];

  private constructor(frames: readonly Frame[], endpoints: readonly Endpoint[]) {
    this.#frames = frames;
    this.#endpoints = endpoints;
  }

  /** Ends the capture. */
  static async read(
    dialect: DialectName,
    ...addresses: readonly string[]
  ): Promise<CapturedPackets> {
    const endpoints = addresses.map((address) => decodeAddress(address, { dialect }).peer!);
    return new CapturedPackets(await capture.stop(endpoints.map(({ port }) => port)), endpoints);
  }

  /** Numbers of the judged packets by source and destination endpoint. */
  paths(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { outer, inner } of this.#frames) {
      if (inner?.length !== HEADERS + JUDGED.size) continue;
      const from = `${outer.source}:${outer.sourcePort}`;
      const path = `${from} to ${outer.destination}:${outer.destinationPort}`;
      counts[path] = (counts[path] ?? 0) + 1;
    }
    return counts;
  }

  /** Expected `paths` of `each` direct packets in each direction. */
  direct(each: number): Record<string, number> {
    const [one, two] = this.#endpoints.map(formatEndpoint);
    return { [`${one} to ${two}`]: each, [`${two} to ${one}`]: each };
  }

  /** Expected `paths` of `each` relayed packets in each direction. */
  relayed(each: number, router: string): Record<string, number> {
    const [one, two] = this.#endpoints.map(formatEndpoint);
    return {
      [`${one} to ${router}`]: each,
      [`${router} to ${two}`]: each,
      [`${two} to ${router}`]: each,
      [`${router} to ${one}`]: each,
    };
  }

  /** Faults in the frames of the first peer, which is ours. */
  ourFaults(): string[] {
    const own = this.#frames.filter(({ outer }) => outer.source === this.#endpoints[0]!.address);
    expect(own.length).toBeGreaterThan(0);
    return own.flatMap(faultsOf);
  }
}

/** Sends series of pings from both sides, `first` first; returns how many packets are judged each way. */
async function pingBothWays(
  first: 'peer1' | 'peer2',
  address1: string,
  address2: string,
): Promise<number> {
  const targets = { peer1: address2, peer2: address1 };
  const second = first === 'peer1' ? 'peer2' : 'peer1';
  for (const { count, size } of [FIRST, FIRST, JUDGED]) {
    for (const label of [first, second] as const) {
      const replies = await countReplies(lab, label, targets[label], count, { size });
      expect(replies, `replies to ${label}`).toBe(count);
    }
  }
  return 2 * JUDGED.count;
}

const startOurRouter2012 = (): Promise<unknown> =>
  startRouter(lab, 'router', '--dialect', 'draft01', '--prefix', NATIVE_64);

const routersOf2012 = [
  { name: 'our router', needs: [], start: startOurRouter2012 },
  {
    name: 'the reference router of 2012',
    needs: [ROUTER_2012],
    start: () => startReferenceRouter2012(lab),
  },
];

for (const { name, needs, start } of routersOf2012) {
  describeWithPrograms(`the reference peer of 2012 at ${name}`, [PEER_2012, ...needs], () => {
    for (const kind of placements) {
      for (const first of ['peer1', 'peer2'] as const) {
        if (first === 'peer2' && !whereDeployedMayBegin.includes(kind)) continue;
        const who = first === 'peer1' ? 'our peer' : 'the reference';
        test(`and our peer exchange packets directly when ${who} begins, ${kind}`, async () => {
          await build(kind);
          await start();
          const ours = await startOurs('draft01');
          const address2 = await startReferencePeer2012(lab, 'peer2');
          const each = await pingBothWays(first, ours.address, address2);
          await ours.daemon.waitForLine(/path direct/);
          const captured = await CapturedPackets.read('draft01', ours.address, address2);
          expect(captured.paths()).toEqual(captured.direct(each));
          expect(captured.ourFaults()).toEqual([]);
        });
      }
    }
  });
}

describeWithPrograms('two reference peers of 2012 at our router', [PEER_2012], () => {
  test('exchange packets directly', async () => {
    await build('on the Internet');
    await startOurRouter2012();
    const address1 = await startReferencePeer2012(lab, 'peer1');
    const address2 = await startReferencePeer2012(lab, 'peer2');
    const each = await pingBothWays('peer1', address1, address2);
    const captured = await CapturedPackets.read('draft01', address1, address2);
    expect(captured.paths()).toEqual(captured.direct(each));
  });
});

describeWithPrograms('the reference peer of 2020', [ROUTER_2020, PEER_2020], () => {
  test('answers no solicitation, and our peer stays relayed without a loss', async () => {
    await build('on the Internet');
    await startReferenceRouter2020(lab);
    const ours = await startOurs('draft03');
    const address2 = await startReferencePeer2020(lab, 'peer2');
    const each = await pingBothWays('peer1', ours.address, address2);
    const captured = await CapturedPackets.read('draft03', ours.address, address2);
    expect(captured.paths()).toEqual(captured.relayed(each, `${ROUTER_IPV4}:${PORT}`));
    expect(captured.ourFaults()).toEqual([]);
    expect([...ours.daemon.stdout, ...ours.daemon.stderr].join()).not.toContain('path direct');
  });
});

const startOurRouterForJava = (): Promise<unknown> => {
  const words = command('router', '--listen', JAVA_ROUTER_IPV4, '--prefix', JAVA_64);
  return lab.spawn('router', words).waitForLine(/^ready/);
};

const routersForJava = [
  { name: 'our router', needs: [], start: startOurRouterForJava },
  {
    name: 'the reference router of 2020',
    needs: [ROUTER_2020],
    start: () => startReferenceRouter2020(lab, JAVA_ROUTER_IPV4, ['-L', JAVA_64]),
  },
];

for (const { name, needs, start } of routersForJava) {
  describeWithPrograms(`the Java implementation at ${name}`, [JAVA_CLASSES, ...needs], () => {
    for (const kind of placements) {
      test(`and our peer exchange packets directly when our peer begins, ${kind}`, async () => {
        await build(kind, JAVA_ROUTER_IPV4);
        await start();
        const ours = await startOurs('draft03', JAVA_ROUTER_IPV4);
        const java = await startJava(lab, 'peer2');
        const requester = program('udpRequester', java.address, ECHO_PORT, INTERVAL, ...SERIES);
        expect((await lab.exec('peer1', requester)).stdout.trim()).toBe(ANSWERED);
        await ours.daemon.waitForLine(/path direct/);
        const captured = await CapturedPackets.read('draft03', ours.address, java.address);
        expect(captured.paths()).toEqual(captured.direct(JUDGED.count));
        expect(captured.ourFaults()).toEqual([]);
      });

      if (!whereDeployedMayBegin.includes(kind)) continue;
      test(`and our peer exchange packets directly when Java begins, ${kind}`, async () => {
        await build(kind, JAVA_ROUTER_IPV4);
        await start();
        const ours = await startOurs('draft03', JAVA_ROUTER_IPV4);
        await lab.spawn('peer1', program('udpEcho', ECHO_PORT)).waitForLine(/listening/);
        const options = [ours.address, ECHO_PORT, INTERVAL, ...SERIES];
        const java = await startJava(lab, 'peer2', ...options);
        expect(await java.daemon.waitForLine(/^answered/)).toBe(ANSWERED);
        await ours.daemon.waitForLine(/path direct/);
        const captured = await CapturedPackets.read('draft03', ours.address, java.address);
        expect(captured.paths()).toEqual(captured.direct(JUDGED.count));
        expect(captured.ourFaults()).toEqual([]);
      });
    }
  });
}
