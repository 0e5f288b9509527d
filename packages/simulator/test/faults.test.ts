import { draft01Profile } from '@6bed4/codec';
import { expect, test } from 'vitest';
import { Internet, type PeerNode, withTrace } from '../src/index.js';

interface Pair {
  readonly net: Internet;
  readonly a: PeerNode;
  readonly b: PeerNode;
}

/** Two peers behind NATs of their own, with addresses. */
function pair(run: (pair: Pair & { readonly natA: ReturnType<Internet['nat']> }) => void): void {
  withTrace(new Internet({ seed: 11, trace: true }), (net) => {
    net.router('r', { address: '198.51.100.1' });
    const natA = net.nat('natA', { external: '192.0.2.10' });
    const natB = net.nat('natB', { external: '192.0.2.20' });
    const a = net.peer('a', { behind: natA });
    const b = net.peer('b', { behind: natB });
    net.run(1000);
    run({ net, a, b, natA });
  });
}

function answered({ net, a, b }: Pair): boolean {
  const sequence = a.ping(b.address!);
  net.run(1000);
  return a.wasAnswered(sequence);
}

test('a peer that moves to another network gets another address and goes on', () => {
  pair(({ net, a, b }) => {
    const before = a.address;
    net.move(a, { behind: net.nat('cafe', { external: '192.0.2.30' }) });
    net.run(1000);
    expect(a.address).not.toBe(before);
    expect(a.address).toContain(':c000:21e:');
    expect(answered({ net, a, b })).toBe(true);
    expect(a.events.map(({ event }) => event.type)).toContain('address-changed');
  });
});

test('a peer that moves out of every NAT spells its own endpoint', () => {
  pair(({ net, a }) => {
    net.move(a, { address: '203.0.113.7' });
    net.run(1000);
    expect(a.machine.uplinks[0]?.lease?.publicEndpoint).toEqual({
      address: '203.0.113.7',
      port: a.port,
    });
  });
});

test('a move to an address that is taken fails, and the peer stays where it was', () => {
  pair(({ net, a, b }) => {
    expect(() => net.move(a, { address: '198.51.100.1' })).toThrow('belongs to r');
    expect(answered({ net, a, b })).toBe(true);
  });
});

test('while a router is stopped nothing passes; restarted, it serves at once', () => {
  pair(({ net, a, b }) => {
    const router = net.routers[0]!;
    router.stop();
    expect(answered({ net, a, b })).toBe(false);
    const machine = router.machine;
    router.restart();
    expect(router.machine).not.toBe(machine);
    expect(answered({ net, a, b })).toBe(true);
  });
});

test('a peer that loses its network gets it back', () => {
  pair(({ net, a, b }) => {
    a.unplug();
    expect(answered({ net, a, b })).toBe(false);
    a.plug();
    net.run(1000);
    expect(answered({ net, a, b })).toBe(true);
  });
});

test('after its NAT forgot and renumbered, a peer learns its new address at the next refresh', () => {
  pair(({ net, a, b, natA }) => {
    const before = a.address;
    natA.rebind('192.0.2.99');
    net.run(125_000);
    expect(a.address).not.toBe(before);
    expect(answered({ net, a, b })).toBe(true);
  });
});

test('when its clock jumps, a peer asks again at once', () => {
  pair(({ net, a, b }) => {
    const solicitations = (): number =>
      net.trace!.entries.filter(
        ({ kind, node, payload }) => kind === 'send' && node === 'a' && payload[40] === 133,
      ).length;
    const before = solicitations();
    a.jump(3_600_000);
    net.run(100);
    expect(solicitations()).toBe(before + 1);
    expect(answered({ net, a, b })).toBe(true);
    expect(() => a.jump(-1)).toThrow('jump: -1');
    expect(() => a.jump(0.5)).toThrow('jump: 0.5');
  });
});

test('draft01: where the NAT gives an odd port, the peer moves until it gets an even one', () => {
  withTrace(new Internet({ seed: 4, trace: true }), (net) => {
    net.router('r', { address: '198.51.100.1', profile: draft01Profile });
    const nat = net.nat('nat', { allocation: 'sequential', firstPort: 5001 });
    const a = net.peer('a', { behind: nat, profile: draft01Profile });
    const firstPort = a.port;
    expect(firstPort % 2).toBe(0);
    net.run(10_000);
    expect(a.events[0]?.event).toMatchObject({
      type: 'port-refused',
      publicEndpoint: { address: nat.external, port: 5001 },
    });
    expect(a.port).not.toBe(firstPort);
    expect(a.machine.uplinks[0]?.lease?.publicEndpoint.port).toBe(5002);
  });
});

test('draft01: a port that the user chose is kept, whatever the NAT does', () => {
  const net = new Internet();
  net.router('r', { address: '198.51.100.1', profile: draft01Profile });
  const nat = net.nat('nat', { allocation: 'sequential', firstPort: 5001 });
  const a = net.peer('a', { behind: nat, profile: draft01Profile, port: 40_000 });
  net.run(60_000);
  expect(a.port).toBe(40_000);
  expect(a.address).toBeNull();
  expect(a.ping('fd00::1')).toBeNull();
  expect(a.sendUdp('fd00::1')).toBeNull();
});

test('a stopped peer is silent, and has no address', () => {
  pair(({ net, a }) => {
    a.stop();
    const { sent } = net.statistics;
    net.run(29_000);
    expect(a.address).toBeNull();
    expect(net.statistics.sent).toBe(sent);
    a.start();
    net.run(1000);
    expect(a.address).not.toBeNull();
  });
});
