import { reference2020, UdpEndpoint } from '@6bed4/codec';
import { isNd, SOURCE_OFFSET } from '@6bed4/nd';
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { type Internet, showTraceOnFailure } from '../../src/index.js';
import { blockedPeer, lostPings } from './blockedPeer.js';

const types = ['cut', 'lose', 'move', 'restart', 'sleep', 'down', 'blocked', 'open'] as const;

/** What happens to the way between a peer and its gateway, one after the other. */
const plans = fc.record({
  seed: fc.nat({ max: 1_000 }),
  loss: fc.double({ min: 0, max: 0.3, noNaN: true }),
  delay: fc.integer({ min: 0, max: 300 }),
  rate: fc.constantFrom(20_000, 125_000, Number.POSITIVE_INFINITY),
  steps: fc.array(
    fc.record({ type: fc.constantFrom(...types), wait: fc.integer({ min: 0, max: 40_000 }) }),
    { maxLength: 8 },
  ),
  endsBlocked: fc.boolean(),
});
type Plan = typeof plans extends fc.Arbitrary<infer T> ? T : never;

/** Longer than a lease goes without a question, and the longest wait before an attempt to connect. */
const QUIET = 250_000;
/** Longer than the time between two looks whether UDP works. */
const LONG_QUIET = 620_000;
const PINGS = 20;

function carryOut({ seed, steps, endsBlocked, ...web }: Plan): void {
  const lab = blockedPeer({ seed, web });
  const { gateway, peer, web: uplink } = lab;
  let { office } = lab;
  showTraceOnFailure(lab.net, (net) => {
    const other = net.peer('o', { behind: net.nat('home') });
    net.run(5_000);
    for (const { type, wait } of steps) {
      if (type === 'cut') uplink.path.cut();
      if (type === 'lose') uplink.path.lose();
      if (type === 'restart') gateway.stop();
      if (type === 'sleep') peer.pause();
      if (type === 'down') uplink.path.isUp = false;
      if (type === 'blocked' || type === 'open') office.blocksUdp = type === 'blocked';
      if (type === 'move') {
        office = net.nat(`nat at ${net.now}`, { blocksUdp: office.blocksUdp });
        net.move(peer, { behind: office });
      }
      for (let time = 0; time < wait; time += 1_000) {
        if (peer.address !== null) other.sendUdp(peer.address);
        net.run(1_000);
      }
      gateway.restart();
      uplink.path.isUp = true;
      peer.unpause();
    }
    uplink.path.options = {};
    office.blocksUdp = endsBlocked;
    net.run(endsBlocked ? QUIET : LONG_QUIET);
    expect(uplink.uses).toBe(endsBlocked ? 'gateway' : 'udp');
    if (endsBlocked) {
      expect(peer.machine.uplinks[0]!.lease!.publicEndpoint).toEqual(uplink.endpoint);
    }
    expect(lostPings(net, peer, other.address!, PINGS)).toBe(0);
    expect(lostPings(net, other, peer.address!, PINGS)).toBe(0);
    const numbers = peer.received.flatMap(({ kind, sequence }) => (kind === 'udp' ? sequence : []));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(gateway.clients.connected).toBe(endsBlocked ? 1 : 0);
    checkGateway(net, 'g');
  });
}

/** The gateway is a node as any other: packets come from the address of the port that they leave, or are discovery. */
function checkGateway(net: Internet, name: string): void {
  for (const { kind, node, payload, source, sourcePort } of net.trace!.entries) {
    if (kind !== 'send' || node !== name) continue;
    if (payload.length === 0 || isNd(payload, 0, payload.length)) continue;
    const from = new UdpEndpoint(source, sourcePort);
    expect(reference2020.layout.matchesEndpoint(payload, SOURCE_OFFSET, from)).toBe(true);
  }
}

describe('a peer whose network blocks UDP', () => {
  test.prop([plans], { numRuns: 30 })(
    'can be reached once faults end, whatever happened, and gets nothing twice',
    carryOut,
  );
});
