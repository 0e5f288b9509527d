import { draft01Profile, encodeAddress, parseIPv6 } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { ping } from '../support/packets.js';
import { advertise, offer, RoutedPeerBench } from '../support/routedPeerBench.js';

const ROUTER = '198.51.100.1:25788';
const EVEN = 'fe80::50f5:c6ff:fe33:6402';
const ODD = 'fe80::51f5:c6ff:fe33:6402';
const OWN = '2001:db8:64:64:50f5:c6ff:fe33:6402';
const OTHER = encodeAddress(
  { prefix: '2001:db8:64:64::/64', peer: '192.0.2.9:5000' },
  { profile: draft01Profile },
);
const prefix = offer({ prefixLength: 64, prefix: parseIPv6('2001:db8:64:64::') });

function started(): RoutedPeerBench {
  const bench = new RoutedPeerBench({ profile: draft01Profile });
  bench.peer.start(bench.now);
  return bench;
}

const answer = (bench: RoutedPeerBench, destination: string, source = 'fe80::'): void => {
  const addresses = { source: parseIPv6(source), destination: parseIPv6(destination) };
  bench.answer({ ...addresses, options: [prefix] }, ROUTER);
};

describe('draft-01 §6.6', () => {
  test('makes the address of the prefix and the destination of the advertisement', () => {
    const bench = started();
    answer(bench, EVEN);
    expect(bench.recorder.events).toMatchObject([
      {
        type: 'address-acquired',
        address: OWN,
        prefix: '2001:db8:64:64::/64',
        publicEndpoint: { address: '198.51.100.2', port: 62802 },
      },
    ]);
  });

  test.each([
    ['fe80::50f5:c600:fe33:6402', 'without ff in the middle'],
    ['fe80::50f5:c6ff:33:6402', 'without fe in the middle'],
    ['fe80:0:0:1:50f5:c6ff:fe33:6402', 'outside of fe80::/64'],
    ['febf::50f5:c6ff:fe33:6402', 'at the end of fe80::/10'],
    ['ff02::1', 'to all nodes'],
    ['fe80::52f5:7fff:fe00:1', 'with a loopback endpoint'],
  ])('refuses the destination %s, %s', (destination) => {
    const bench = started();
    answer(bench, destination);
    expect(bench.types).toEqual([]);
    expect(bench.drops).toEqual({ 'advertisement-refused': 1 });
  });

  test('accepts the router by its interface identifier (§6.2), and no other', () => {
    const bench = started();
    answer(bench, EVEN, 'fe80::be64:c6ff:fe33:6402');
    expect(bench.drops).toEqual({ 'advertisement-refused': 1 });
    answer(bench, EVEN, 'fe80::be64:c6ff:fe33:6401');
    expect(bench.types).toEqual(['address-acquired']);
  });

  test('reports an odd port, and sends nothing from there until the driver has moved', () => {
    const bench = started();
    answer(bench, ODD);
    expect(bench.recorder.events).toMatchObject([
      { type: 'port-refused', publicEndpoint: { address: '198.51.100.2', port: 62803 } },
    ]);
    expect(bench.peer.uplinks[0]).toMatchObject({ state: 'refused', lease: null, nextTimer: null });
    expect(bench.peer.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
    bench.datagram(ROUTER, advertise({ destination: parseIPv6(EVEN), options: [prefix] }));
    answer(bench, EVEN);
    expect(bench.recorder.sent).toEqual([]);
    expect(bench.drops).toEqual({ 'advertisement-refused': 2 });
    bench.recorder.clear();
    bench.peer.solicit(bench.now);
    expect(bench.recorder.sent).toHaveLength(1);
    answer(bench, EVEN);
    expect(bench.types).toEqual(['address-acquired']);
  });

  test('gives up the address when the port is seen as odd later, however that was asked', () => {
    const bench = started();
    answer(bench, EVEN);
    bench.peer.solicit(bench.now);
    answer(bench, ODD);
    expect(bench.types).toEqual(['address-lost', 'port-refused']);
    expect(bench.packet(ping(OWN, OTHER)).sent).toEqual([]);
    expect(bench.packet(ping(OWN, '2001:db8:9::1')).sent).toEqual([]);
    expect(bench.peer.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  test('takes an odd port without nonce for true only when nothing contradicts it', () => {
    const flagged = advertise({ destination: parseIPv6(ODD), options: [prefix] });
    const bench = started();
    bench.datagram(ROUTER, flagged);
    expect(bench.drops).toEqual({ 'advertisement-refused': 1 });
    bench.wake();
    bench.datagram(ROUTER, flagged);
    expect(bench.types).toEqual([]);
    bench.wake();
    expect(bench.types).toEqual(['port-refused']);
    expect(bench.peer.uplinks[0]).toMatchObject({ state: 'refused', attempts: 0 });
    answer(bench, EVEN);
    expect(bench.peer.uplinks[0]).toMatchObject({ state: 'refused', lease: null });
    bench.peer.stop(bench.now);
    bench.peer.start(bench.now);
    expect(bench.peer.uplinks[0]!.state).toBe('soliciting');
  });
});
