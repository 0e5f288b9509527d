/**
 * Two peers get their addresses from a router and one pings the other through it, in memory. What
 * comes out is plain data, the same wherever this runs.
 */
import { decodeAddress, formatIPv6 } from '@6bed4/codec';
import { buildEcho, parseEcho } from '@6bed4/nd';
import { seededRandom } from '@6bed4/testing/random';
import { Peer, Router } from '../../src/index.js';
import { Network } from '../support/network.js';
import { ping } from '../support/packets.js';

export interface Outcome {
  /** The router's own address. */
  readonly router: string;
  /** Per peer: its address, and the endpoint in it. */
  readonly peers: readonly { readonly address: string; readonly endpoint: string }[];
  /** The echo as it arrived. */
  readonly request: { readonly source: string; readonly hopLimit: number };
  /** The answer as it came back. */
  readonly reply: { readonly source: string; readonly sequence: number; readonly size: number };
  /** Datagrams that reached the router, and all that was dropped anywhere. */
  readonly routerDatagrams: number;
  readonly drops: readonly string[];
}

/** Runs it. */
export function run(): Outcome {
  const network = new Network();
  const random = seededRandom(1);
  const router = network.add(
    '198.51.100.1:25790',
    (sink) => new Router({ address: '198.51.100.1', random }, sink),
  );
  const peers = ['203.0.113.5:40000', '203.0.113.9:5000'].map((endpoint) =>
    network.add(endpoint, (sink) => new Peer({ routers: ['198.51.100.1'], random }, sink)),
  );
  for (const { machine } of peers) machine.start(network.now);
  network.advance(2_000);

  const addresses = peers.map(({ recorder }) => {
    const event = recorder.events.find(({ type }) => type === 'address-acquired');
    if (event?.type !== 'address-acquired') throw new Error('a peer got no address');
    return event.address;
  });
  const [alice, bob] = peers;
  const carry = (from: typeof alice, to: typeof alice, packet: Uint8Array) => {
    from!.machine.handlePacket(packet, 0, packet.length, network.now);
    network.settle();
    const arrived = to!.recorder.delivered.shift();
    if (arrived === undefined) throw new Error('a packet did not arrive');
    const echo = parseEcho(arrived, 0, arrived.length);
    if (!echo.ok) throw new Error(`what arrived is no echo: ${echo.error.code}`);
    return echo.value;
  };
  const request = carry(
    alice,
    bob,
    ping(addresses[0]!, addresses[1]!, { size: 1184, sequence: 7 }),
  );
  const reply = carry(
    bob,
    alice,
    buildEcho({
      ...request,
      type: 'echo-reply',
      source: request.destination,
      destination: request.source,
      hopLimit: 64,
    }),
  );
  return {
    router: router.machine.address,
    peers: addresses.map((address) => {
      const { peer } = decodeAddress(address);
      return { address, endpoint: `${peer?.address}:${peer?.port}` };
    }),
    request: { source: formatIPv6(request.source), hopLimit: request.hopLimit },
    reply: {
      source: formatIPv6(reply.source),
      sequence: reply.sequence,
      size: reply.data.length,
    },
    routerDatagrams: router.machine.counters.snapshot().datagramsReceived,
    drops: [router, ...peers].flatMap(({ machine }) =>
      Object.keys(machine.counters.snapshot().drops),
    ),
  };
}
