import { describe, expect, test } from 'vitest';
import { type FilteringBehavior, natTypes } from '../../src/index.js';
import { drops, EXTERNAL, MOMENT, natLab, reach } from '../support/natLab.js';

/** The external endpoints that the three remotes of the laboratory see. */
function seen(mapping: FilteringBehavior): (string | null)[] {
  const { net, socket, remotes } = natLab({ mapping, portAssignment: 'sequential' });
  return remotes.map((remote) => reach(net, socket, remote));
}

describe('mapping behavior (RFC 4787 §4.1)', () => {
  test('endpoint-independent uses one external endpoint for all remotes (REQ-1)', () => {
    expect(seen('endpoint-independent')).toEqual([
      `${EXTERNAL}:1024`,
      `${EXTERNAL}:1024`,
      `${EXTERNAL}:1024`,
    ]);
  });

  test('address-dependent uses one external endpoint for all ports of a remote address', () => {
    expect(seen('address-dependent')).toEqual([
      `${EXTERNAL}:1024`,
      `${EXTERNAL}:1024`,
      `${EXTERNAL}:1025`,
    ]);
  });

  test('address-and-port-dependent uses another external endpoint for each remote endpoint', () => {
    expect(seen('address-and-port-dependent')).toEqual([
      `${EXTERNAL}:1024`,
      `${EXTERNAL}:1025`,
      `${EXTERNAL}:1026`,
    ]);
  });

  test.each(['endpoint-independent', 'address-dependent', 'address-and-port-dependent'] as const)(
    '%s always shows the same remote the same external endpoint',
    (mapping) => {
      const { net, socket, remotes } = natLab({ mapping, portAssignment: 'random' });
      const first = remotes.map((remote) => reach(net, socket, remote));
      expect(remotes.map((remote) => reach(net, socket, remote))).toEqual(first);
    },
  );

  test('never gives two sockets of one host the same external endpoint', () => {
    const { net, inside, socket, remotes } = natLab();
    const second = inside.bind(40_001);
    expect(reach(net, socket, remotes[0])).not.toBe(reach(net, second, remotes[0]));
  });
});

describe('port assignment (RFC 4787 §4.2)', () => {
  test('preservation uses the internal port while it is free (§4.2.1)', () => {
    const { net, nat, socket, remotes } = natLab({ portAssignment: 'preservation' });
    expect(reach(net, socket, remotes[0])).toBe(`${EXTERNAL}:40000`);
    const neighbor = net.host('neighbor', { behind: nat }).bind(40_000);
    const port = Number(reach(net, neighbor, remotes[0])?.split(':')[1]);
    expect(port).not.toBe(40_000);
  });

  test('sequential uses one port after the other, from firstPort on', () => {
    const { net, inside, remotes } = natLab({ portAssignment: 'sequential', firstPort: 5000 });
    const ports = [0, 1, 2].map(() => reach(net, inside.bind(), remotes[0]));
    expect(ports).toEqual([`${EXTERNAL}:5000`, `${EXTERNAL}:5001`, `${EXTERNAL}:5002`]);
  });

  test('random uses ports above 1023 that depend on the seed', () => {
    const ports = (seed: number): number[] => {
      const { net, inside, remotes } = natLab({ portAssignment: 'random' }, seed);
      return Array.from({ length: 20 }, () =>
        Number(reach(net, inside.bind(), remotes[0])?.split(':')[1]),
      );
    };
    expect(ports(1)).toEqual(ports(1));
    expect(ports(1)).not.toEqual(ports(2));
    expect(new Set(ports(1)).size).toBe(20);
    for (const port of ports(1)) expect(port).toBeGreaterThanOrEqual(1024);
  });

  test.each(['preservation', 'sequential', 'random'] as const)(
    '%s maps a port below 1024 to one below 1024 (REQ-3a)',
    (portAssignment) => {
      const { net, nat, inside, remotes } = natLab({ portAssignment });
      const neighbor = net.host('neighbor', { behind: nat });
      for (const socket of [inside.bind(500), neighbor.bind(500)]) {
        expect(Number(reach(net, socket, remotes[0])?.split(':')[1])).toBeLessThan(1024);
      }
    },
  );

  test.each(['preservation', 'sequential', 'random'] as const)(
    '%s with port parity maps even ports to even ones, and odd to odd (§4.2.2, REQ-4)',
    (portAssignment) => {
      const { net, inside, nat, remotes } = natLab({ portAssignment, portParity: true });
      const neighbor = net.host('neighbor', { behind: nat });
      for (const port of [50_000, 50_001, 50_002, 50_005, 50_007]) {
        for (const host of [inside, neighbor]) {
          const outside = Number(reach(net, host.bind(port), remotes[0])?.split(':')[1]);
          expect(outside % 2).toBe(port % 2);
        }
      }
    },
  );

  test('drops packets that need a new mapping when no port is left, and no others', () => {
    const { net, nat, inside, socket, remotes } = natLab({ portAssignment: 'sequential' });
    const [remote] = remotes;
    // Below 1024 there are 1023 ports, and only inside ports below 1024 get them.
    for (let port = 1; port < 1024; port++) inside.bind(port).send(remote.endpoint);
    net.run(MOMENT);
    expect(remote.received).toHaveLength(1023);
    const late = net.host('late', { behind: nat }).bind(1);
    expect(reach(net, late, remote)).toBeNull();
    expect(drops(net)).toEqual(['ports at nat']);
    expect(reach(net, socket, remote)).not.toBeNull();
  });
});

describe('a NAT that loses its mappings', () => {
  test('drops inbound traffic after a reset until outbound traffic creates a mapping', () => {
    const { net, nat, socket, remotes } = natLab(natTypes.fullCone);
    const outside = reach(net, socket, remotes[0])!;
    expect(reach(net, remotes[0], socket, outside)).not.toBeNull();
    nat.reset();
    expect(nat.mappings).toEqual([]);
    expect(reach(net, remotes[0], socket, outside)).toBeNull();
    expect(reach(net, socket, remotes[0])).toBe(outside);
  });

  test('assigns another port to the same internal endpoint after a rebinding', () => {
    const { net, nat, socket, remotes } = natLab(natTypes.fullCone);
    const before = reach(net, socket, remotes[0])!;
    nat.rebind();
    const after = reach(net, socket, remotes[0])!;
    expect(after).not.toBe(before);
    expect(reach(net, remotes[1], socket, before)).toBeNull();
    expect(reach(net, remotes[1], socket, after)).not.toBeNull();
  });

  test('uses only its new address after a rebinding to that', () => {
    const { net, nat, socket, remotes } = natLab(natTypes.fullCone);
    const before = reach(net, socket, remotes[0])!;
    nat.rebind('192.0.2.77');
    const after = reach(net, socket, remotes[0])!;
    expect(after).toMatch(/^192\.0\.2\.77:/);
    expect(reach(net, remotes[1], socket, before)).toBeNull();
    expect(reach(net, remotes[1], socket, after)).not.toBeNull();
  });
});

test('a static port forwarding lets every remote in, and its host out by the same port', () => {
  const { net, nat, socket, remotes } = natLab({
    ...natTypes.symmetric,
    network: '192.168.7.0/24',
  });
  expect(socket.endpoint).toBe('192.168.7.2:40000');
  nat.forward(25_790, socket.endpoint);
  expect(reach(net, remotes[2], socket, `${EXTERNAL}:25790`)).toBe(remotes[2].endpoint);
  for (const remote of remotes) expect(reach(net, socket, remote)).toBe(`${EXTERNAL}:25790`);
  nat.reset();
  expect(reach(net, remotes[2], socket, `${EXTERNAL}:25790`)).toBe(remotes[2].endpoint);
  expect(() => nat.forward(25_790, socket.endpoint)).toThrow('port 25790 is taken');
});
