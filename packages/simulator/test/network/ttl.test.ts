import { describe, expect, test } from 'vitest';
import { Internet } from '../../src/index.js';
import { drops, natLab, reach } from '../support/natLab.js';

/** The TTL of a datagram on arrival when it is sent with this one; null when it is dropped. */
function arrivingTtl(coreHops: number, nats: number, ttl: number): number | null {
  const net = new Internet({ trace: true, coreHops });
  const to = net.host('to').bind(2);
  let outer = net.nat('nat 1');
  for (let level = 2; level <= nats; level++) outer = net.nat(`nat ${level}`, { behind: outer });
  const placement = nats === 0 ? {} : { behind: outer };
  net.host('from', placement).bind(1).send(to.endpoint, Uint8Array.of(1), ttl);
  net.run(100);
  return net.trace?.entries.find(({ kind }) => kind === 'deliver')?.ttl ?? null;
}

describe('IPv4 TTL (RFC 1812 §5.3.1)', () => {
  test('is lowered by every router of the core', () => {
    expect(arrivingTtl(8, 0, 64)).toBe(56);
    expect(arrivingTtl(8, 0, 9)).toBe(1);
    expect(arrivingTtl(8, 0, 8)).toBeNull();
  });

  test('is lowered by every NAT on the way', () => {
    expect(arrivingTtl(8, 1, 64)).toBe(55);
    expect(arrivingTtl(8, 2, 64)).toBe(54);
    expect(arrivingTtl(8, 2, 11)).toBe(1);
    expect(arrivingTtl(8, 2, 10)).toBeNull();
  });

  test('is 64 where the sender sets none', () => {
    expect(arrivingTtl(1, 0, 0)).toBe(63);
  });
});

describe('a keepalive with TTL 3 (draft-03 §5)', () => {
  test('opens two NATs and is dropped in the core', () => {
    const { net, nat, remotes } = natLab({ network: '100.64.0.0/16' });
    const home = net.nat('home', { behind: nat });
    const socket = net.host('at home', { behind: home }).bind(5000);
    socket.send(remotes[0].endpoint, new Uint8Array(0), 3);
    net.run(100);
    expect(remotes[0].received).toHaveLength(0);
    expect(drops(net)).toEqual(['ttl at core']);
    expect(nat.mappings).toHaveLength(1);
    expect(home.mappings).toHaveLength(1);
    expect(reach(net, remotes[0], socket, nat.mappings[0]!.external)).not.toBeNull();
  });

  test('is dropped at the third NAT without opening it', () => {
    const { net, nat } = natLab();
    const second = net.nat('second', { behind: nat });
    const third = net.nat('third', { behind: second });
    net.host('far inside', { behind: third }).bind(5000).send('203.0.113.1:1000', undefined, 3);
    net.run(100);
    expect([third, second, nat].map(({ mappings }) => mappings.length)).toEqual([1, 1, 0]);
    expect(drops(net)).toEqual(['ttl at nat']);
  });
});
