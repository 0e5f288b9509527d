import { reference2020, type UdpEndpoint } from '@6bed4/codec';
import { udpPacket } from '@6bed4/testing/packets';
import { EndpointPolicy } from '@6bed4/tunnel';
import { beforeEach, describe, expect, test } from 'vitest';
import { ClientGate, type Refusal, StrangerLimits } from '../../src/index.js';
import {
  addressOf,
  CLIENT,
  endpoint,
  neighborSolicitation,
  OTHER_ROUTER,
  packet,
  REMOTE,
  ROUTER,
  routerSolicitation,
} from '../support/packets.js';

const policy = new EndpointPolicy({ allowLoopback: false, allowPrivate: false });
let strangers: StrangerLimits;
let gate: ClientGate;
let now = 0;

function newGate(): ClientGate {
  const router = endpoint(ROUTER);
  return new ClientGate({
    profile: reference2020,
    endpoint: endpoint(CLIENT),
    isRouter: (one) => one.addressBits === router.addressBits && one.port === router.port,
    // What else there is at the address of the gateway is its own.
    mayReach: (one: Readonly<UdpEndpoint>) =>
      policy.accepts(one) && one.addressBits !== router.addressBits,
    strangers,
  });
}

beforeEach(() => {
  now = 1000;
  strangers = new StrangerLimits(() => 0.5);
  gate = newGate();
});

const out = (bytes: Uint8Array, to: string): Refusal | null =>
  gate.refuseOutbound(bytes, 0, bytes.length, endpoint(to), now);
const into = (bytes: Uint8Array, from: string): Refusal | null =>
  gate.refuseInbound(bytes, 0, bytes.length, endpoint(from), now);
const EMPTY = new Uint8Array();

describe('from a client to its router', () => {
  test('passes what the client sends as itself', () => {
    expect(out(packet(CLIENT, REMOTE), ROUTER)).toBeNull();
    expect(out(routerSolicitation(), ROUTER)).toBeNull();
    expect(out(EMPTY, ROUTER)).toBeNull();
  });

  test('is not limited like what strangers get', () => {
    const bytes = packet(CLIENT, REMOTE, 1200);
    for (let count = 0; count < 1000; count++) expect(out(bytes, ROUTER)).toBeNull();
  });

  test('never passes another source', () => {
    expect(out(packet(REMOTE, CLIENT), ROUTER)).toBe('source');
    expect(out(packet('192.0.2.1:40001', REMOTE), ROUTER)).toBe('source');
    expect(out(udpPacket('2001:db8::1', addressOf(REMOTE), EMPTY), ROUTER)).toBe('source');
    // Without Neighbor Discovery, there is no reason for one that names nobody.
    expect(out(udpPacket('::', addressOf(REMOTE), EMPTY), ROUTER)).toBe('source');
    expect(out(udpPacket('fe80::1', addressOf(REMOTE), EMPTY), ROUTER)).toBe('source');
  });

  test('passes Neighbor Discovery with hop limit 255 alone', () => {
    const forwarded = routerSolicitation();
    forwarded[7] = 254;
    expect(out(forwarded, ROUTER)).toBe('source');
  });
});

describe('from a client to others', () => {
  test.each(['127.0.0.1:53', '10.0.0.1:25790', '192.168.1.1:53', '100.64.0.1:9', '169.254.1.1:9'])(
    'never goes to %s',
    (to) => {
      expect(out(packet(CLIENT, to), to)).toBe('forbidden-endpoint');
      expect(out(EMPTY, to)).toBe('forbidden-endpoint');
    },
  );

  test.each(['0.0.0.1:9', '224.0.0.1:9', '255.255.255.255:9', '240.0.0.1:9'])('nor to %s', (to) => {
    expect(out(packet(CLIENT, to), to)).toBe('forbidden-endpoint');
  });

  test('nor to other ports of the gateway, nor back to the client', () => {
    expect(out(packet(CLIENT, '192.0.2.1:53'), '192.0.2.1:53')).toBe('forbidden-endpoint');
    expect(out(packet(CLIENT, CLIENT), CLIENT)).toBe('forbidden-endpoint');
  });

  test('goes to the endpoint in the destination, and to no other', () => {
    expect(out(packet(CLIENT, REMOTE), REMOTE)).toBeNull();
    expect(out(packet(CLIENT, REMOTE), '203.0.113.7:30001')).toBe('destination');
    expect(out(packet(CLIENT, REMOTE), '203.0.113.8:30000')).toBe('destination');
  });

  test('goes to the endpoint that Neighbor Discovery asks for', () => {
    expect(out(neighborSolicitation(CLIENT, REMOTE), REMOTE)).toBeNull();
    expect(out(neighborSolicitation(CLIENT, REMOTE, 'ff02::1'), REMOTE)).toBeNull();
    const elsewhere = '203.0.113.8:30000';
    expect(out(neighborSolicitation(CLIENT, REMOTE, 'ff02::1'), elsewhere)).toBe('destination');
  });

  test('goes to the router that the destination names, at its port', () => {
    const address = addressOf(REMOTE, 'fc64:bed:c633:6409::/64');
    const bytes = udpPacket(addressOf(CLIENT), address, EMPTY);
    expect(out(bytes, OTHER_ROUTER)).toBeNull();
    expect(out(bytes, OTHER_ROUTER.replace('25790', '25791'))).toBe('destination');
  });

  test.each<[string, Uint8Array]>([
    ['text', new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n'.repeat(4))],
    ['a header cut short', packet(CLIENT, REMOTE).subarray(0, 39)],
    ['bytes behind the packet', Uint8Array.of(...packet(CLIENT, REMOTE), 0)],
    ['a packet cut short', packet(CLIENT, REMOTE).subarray(0, 50)],
    ['compressed headers', packet(CLIENT, REMOTE).map((byte, at) => (at === 0 ? 0xfd : byte))],
  ])('never passes %s', (_, bytes) => {
    expect(out(bytes, REMOTE)).toBe('not-6bed4');
    expect(out(bytes, ROUTER)).toBe('not-6bed4');
  });
});

describe('strangers', () => {
  const bytesTo = (to: string, length: number, seconds: number): number => {
    let sent = 0;
    const bytes = packet(CLIENT, to, length);
    for (const end = now + 1000 * seconds; now < end; now += 10) {
      if (out(bytes, to) === null) sent += bytes.length + 28;
    }
    return sent;
  };

  test('are sent a few hundred bytes, and then little', () => {
    expect(bytesTo(REMOTE, 8, 1)).toBeLessThanOrEqual(640 + 40);
    expect(bytesTo(REMOTE, 8, 60)).toBeLessThanOrEqual(60 * 40 + 100);
  });

  test('are never sent a large packet before they have spoken', () => {
    expect(bytesTo(REMOTE, 1200, 60)).toBe(0);
  });

  test('are sent no more than came from there, and that little', () => {
    bytesTo(REMOTE, 8, 1);
    const came = 20 * (neighborSolicitation(REMOTE, CLIENT).length + 28);
    // Not from itself: it does not agree to anything.
    for (let count = 0; count < 20; count++) {
      const bytes = routerSolicitation();
      expect(into(bytes, REMOTE)).toBeNull();
    }
    expect(bytesTo(REMOTE, 8, 1)).toBeLessThanOrEqual(came);
  });

  test('are none any more when they have sent a packet as themselves to the client', () => {
    expect(into(packet(REMOTE, CLIENT), REMOTE)).toBeNull();
    expect(bytesTo(REMOTE, 1200, 20)).toBeGreaterThan(2000 * 1200);
  });

  test('are strangers again after half a minute of silence', () => {
    into(packet(REMOTE, CLIENT), REMOTE);
    now += 30_000;
    expect(bytesTo(REMOTE, 1200, 5)).toBe(0);
  });

  test('do not agree by sending back what they were sent', () => {
    expect(into(packet(CLIENT, REMOTE), REMOTE)).toBe('source');
    expect(bytesTo(REMOTE, 1200, 5)).toBe(0);
  });

  test('of one client are few at a time', () => {
    let sent = 0;
    for (let port = 1; port <= 1000; port++) {
      const to = `203.0.113.${port % 100}:${port}`;
      if (out(EMPTY, to) === null) sent++;
    }
    expect(sent).toBe(80);
    expect(gate.remotes).toBeLessThanOrEqual(512);
  });

  test('of one address are few, however many clients', () => {
    let sent = 0;
    for (let count = 0; count < 100; count++) {
      gate = newGate();
      if (out(EMPTY, `203.0.113.7:${1 + count}`) === null) sent++;
    }
    expect(sent).toBe(60);
  });

  test('that come by themselves take half of the places at most', () => {
    for (let port = 1; port <= 2000; port++) into(EMPTY, `203.0.113.7:${port}`);
    expect(gate.remotes).toBe(256);
  });
});

describe('to a client', () => {
  test('comes anything that its router relays', () => {
    expect(into(packet(REMOTE, CLIENT), ROUTER)).toBeNull();
    expect(into(udpPacket('2001:db8::1', addressOf(CLIENT), EMPTY), ROUTER)).toBeNull();
  });

  test('come others as themselves alone', () => {
    expect(into(packet(REMOTE, CLIENT), REMOTE)).toBeNull();
    expect(into(packet(REMOTE, CLIENT), '203.0.113.8:30000')).toBe('source');
    expect(into(udpPacket('2001:db8::1', addressOf(CLIENT), EMPTY), REMOTE)).toBe('source');
  });

  test('comes nothing for somebody else, and nothing else', () => {
    expect(into(packet(REMOTE, '192.0.2.1:40001'), REMOTE)).toBe('destination');
    expect(into(new TextEncoder().encode('hello'), REMOTE)).toBe('not-6bed4');
    expect(into(new TextEncoder().encode('hello'), ROUTER)).toBe('not-6bed4');
    expect(into(packet('10.0.0.1:9', CLIENT), '10.0.0.1:9')).toBe('forbidden-endpoint');
  });

  test('come probes, and Neighbor Discovery without addresses', () => {
    expect(into(EMPTY, REMOTE)).toBeNull();
    expect(into(routerSolicitation(), REMOTE)).toBeNull();
  });
});
