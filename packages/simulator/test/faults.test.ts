import { draft01Profile } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { Internet, type PeerNode, showTraceOnFailure } from '../src/index.js';

interface Pair {
  readonly net: Internet;
  readonly a: PeerNode;
  readonly b: PeerNode;
}

/** Two peers behind NATs of their own, with addresses. */
function pair(run: (pair: Pair & { readonly natA: ReturnType<Internet['nat']> }) => void): void {
  showTraceOnFailure(new Internet({ seed: 11, trace: true }), (net) => {
    net.router('r', { address: '198.51.100.1' });
    const natA = net.nat('natA', { external: '192.0.2.10' });
    const natB = net.nat('natB', { external: '192.0.2.20' });
    const a = net.peer('a', { behind: natA });
    const b = net.peer('b', { behind: natB });
    net.run(1000);
    run({ net, a, b, natA });
  });
}

function isAnswered({ net, a, b }: Pair): boolean {
  const sequence = a.ping(b.address!);
  net.run(1000);
  return a.wasAnswered(sequence);
}

describe('a peer', () => {
  test('gets another address in another network and is reachable there', () => {
    pair(({ net, a, b }) => {
      const before = a.address;
      net.move(a, { behind: net.nat('cafe', { external: '192.0.2.30' }) });
      net.run(1000);
      expect(a.address).not.toBe(before);
      expect(a.address).toContain(':c000:21e:');
      expect(isAnswered({ net, a, b })).toBe(true);
      expect(a.events.map(({ event }) => event.type)).toContain('address-changed');
    });
  });

  test('has its own endpoint in its address without a NAT', () => {
    pair(({ net, a }) => {
      net.move(a, { address: '203.0.113.7' });
      net.run(1000);
      expect(a.machine.uplinks[0]?.lease?.publicEndpoint).toEqual({
        address: '203.0.113.7',
        port: a.port,
      });
    });
  });

  test('stays in its network when it cannot move because the address is taken', () => {
    pair(({ net, a, b }) => {
      expect(() => net.move(a, { address: '198.51.100.1' })).toThrow('belongs to r');
      expect(isAnswered({ net, a, b })).toBe(true);
    });
  });

  test('is unreachable while its router is stopped, and reachable at once after the restart', () => {
    pair(({ net, a, b }) => {
      const router = net.routers[0]!;
      router.stop();
      expect(isAnswered({ net, a, b })).toBe(false);
      const machine = router.machine;
      router.restart();
      expect(router.machine).not.toBe(machine);
      expect(isAnswered({ net, a, b })).toBe(true);
    });
  });

  test('is reachable again after it has lost its network for a while', () => {
    pair(({ net, a, b }) => {
      a.unplug();
      expect(isAnswered({ net, a, b })).toBe(false);
      a.plug();
      net.run(1000);
      expect(isAnswered({ net, a, b })).toBe(true);
    });
  });

  test('learns its new address at the next refresh after a rebinding of its NAT', () => {
    pair(({ net, a, b, natA }) => {
      const before = a.address;
      natA.rebind('192.0.2.99');
      net.run(125_000);
      expect(a.address).not.toBe(before);
      expect(isAnswered({ net, a, b })).toBe(true);
    });
  });

  test('solicits again at once when its clock jumps', () => {
    pair(({ net, a, b }) => {
      const solicitations = (): number =>
        net.trace!.entries.filter(
          ({ kind, node, payload }) => kind === 'send' && node === 'a' && payload[40] === 133,
        ).length;
      const before = solicitations();
      a.jump(3_600_000);
      net.run(100);
      expect(solicitations()).toBe(before + 1);
      expect(isAnswered({ net, a, b })).toBe(true);
      expect(() => a.jump(-1)).toThrow('jump: -1');
      expect(() => a.jump(0.5)).toThrow('jump: 0.5');
    });
  });

  test('handles what waited in its socket when its program goes on', () => {
    pair(({ net, a, b }) => {
      b.pause();
      const sequences = Array.from({ length: 300 }, () => a.ping(b.address!));
      net.run(1000);
      expect(sequences.some((sequence) => a.wasAnswered(sequence))).toBe(false);
      b.unpause();
      net.run(1000);
      // Solicitations of the other peer wait in the socket, too.
      const answered = sequences.filter((sequence) => a.wasAnswered(sequence)).length;
      expect(answered).toBeGreaterThan(250);
      expect(answered).toBeLessThanOrEqual(256);
      expect(isAnswered({ net, a, b })).toBe(true);
    });
  });

  test.each([false, true])(
    'is reachable after its program stood still, its clock too: %s',
    (clock) => {
      pair(({ net, a, b }) => {
        a.pause();
        net.run(600_000);
        a.unpause(clock);
        net.run(1000);
        expect(isAnswered({ net, a, b })).toBe(true);
        expect(isAnswered({ net, a: b, b: a })).toBe(true);
      });
    },
  );

  test('in draft01 moves to another port until the NAT assigns an even one', () => {
    showTraceOnFailure(new Internet({ seed: 4, trace: true }), (net) => {
      net.router('r', { address: '198.51.100.1', profile: draft01Profile });
      const nat = net.nat('nat', { portAssignment: 'sequential', firstPort: 5001 });
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

  test('in draft01 keeps a port that the user chose, whatever the NAT assigns', () => {
    const net = new Internet();
    net.router('r', { address: '198.51.100.1', profile: draft01Profile });
    const nat = net.nat('nat', { portAssignment: 'sequential', firstPort: 5001 });
    const a = net.peer('a', { behind: nat, profile: draft01Profile, port: 40_000 });
    net.run(60_000);
    expect(a.port).toBe(40_000);
    expect(a.address).toBeNull();
    expect(a.ping('fd00::1')).toBeNull();
    expect(a.sendUdp('fd00::1')).toBeNull();
  });

  test('sends nothing and has no address while it is stopped', () => {
    pair(({ net, a }) => {
      a.stop();
      const { sent } = net.statistics;
      net.run(15_000);
      expect(a.address).toBeNull();
      expect(net.statistics.sent).toBe(sent);
      a.start();
      net.run(1000);
      expect(a.address).not.toBeNull();
    });
  });
});
