import { describe, expect, test } from 'vitest';
import { type Dependence, natKinds } from '../../src/index.js';
import { drops, natLab, reach } from '../support/natLab.js';

/** Which of the three remotes get in after the inside has sent to the first only. */
function admitted(filtering: Dependence): boolean[] {
  const { net, socket, remotes } = natLab({ filtering });
  const outside = reach(net, socket, remotes[0])!;
  return remotes.map((remote) => reach(net, remote, socket, outside) !== null);
}

describe('filtering behaviour (RFC 4787 §5, REQ-8)', () => {
  test('endpoint-independent: everybody gets in', () => {
    expect(admitted('endpoint-independent')).toEqual([true, true, true]);
  });

  test('address-dependent: every port of an address that was sent to', () => {
    expect(admitted('address-dependent')).toEqual([true, true, false]);
  });

  test('address-and-port-dependent: only the endpoint that was sent to', () => {
    expect(admitted('address-and-port-dependent')).toEqual([true, false, false]);
  });

  test('nobody gets in where nothing went out', () => {
    const { net, socket, remotes } = natLab(natKinds.fullCone);
    expect(reach(net, remotes[0], socket, '192.0.2.1:40000')).toBeNull();
    expect(drops(net)).toEqual(['no-mapping at nat']);
  });

  test('the remote sees replies translated back to the inside endpoint', () => {
    const { net, socket, remotes } = natLab();
    const outside = reach(net, socket, remotes[0])!;
    expect(reach(net, remotes[0], socket, outside)).toBe('203.0.113.1:1000');
  });

  test('permits: UDP passes to and from the listed addresses only', () => {
    const { net, socket, remotes } = natLab({
      ...natKinds.fullCone,
      permits: ['203.0.113.1'],
    });
    const outside = reach(net, socket, remotes[0])!;
    expect(reach(net, socket, remotes[2])).toBeNull();
    expect(reach(net, remotes[2], socket, outside)).toBeNull();
    expect(reach(net, remotes[1], socket, outside)).not.toBeNull();
    expect(drops(net)).toEqual(['blocked at nat', 'blocked at nat']);
  });
});

describe('timeouts (RFC 4787 §4.3)', () => {
  const mappingTimeout = 120_000;

  test('a mapping ends when nothing refreshes it for its timeout (REQ-5)', () => {
    const { net, nat, socket, remotes } = natLab({ ...natKinds.fullCone, mappingTimeout });
    const outside = reach(net, socket, remotes[0])!;
    net.run(mappingTimeout - 1000);
    expect(nat.mappings).toHaveLength(1);
    expect(reach(net, remotes[0], socket, outside)).not.toBeNull();
    net.run(2000);
    expect(nat.mappings).toHaveLength(0);
    expect(reach(net, remotes[0], socket, outside)).toBeNull();
  });

  test('outbound traffic refreshes it (REQ-6)', () => {
    const { net, socket, remotes } = natLab({ ...natKinds.fullCone, mappingTimeout });
    const outside = reach(net, socket, remotes[0])!;
    for (let round = 0; round < 5; round++) {
      net.run(mappingTimeout - 1000);
      expect(reach(net, socket, remotes[1])).toBe(outside);
    }
  });

  test.each([
    ['outbound', false],
    ['both', true],
  ] as const)('refresh %s: inbound traffic alone keeps it: %s (REQ-6a)', (refresh, isKept) => {
    const { net, socket, remotes } = natLab({ ...natKinds.fullCone, mappingTimeout, refresh });
    const outside = reach(net, socket, remotes[0])!;
    net.run(mappingTimeout - 1000);
    expect(reach(net, remotes[0], socket, outside)).not.toBeNull();
    net.run(mappingTimeout - 1000);
    expect(reach(net, remotes[0], socket, outside) !== null).toBe(isKept);
  });

  test('who is not sent to for the filter timeout stays out, while the mapping lives on', () => {
    const { net, socket, remotes } = natLab({ mappingTimeout, filterTimeout: 30_000 });
    const outside = reach(net, socket, remotes[0])!;
    net.run(20_000);
    expect(reach(net, socket, remotes[1])).toBe(outside);
    net.run(20_000);
    expect(reach(net, remotes[0], socket, outside)).toBeNull();
    expect(reach(net, remotes[1], socket, outside)).not.toBeNull();
    expect(drops(net)).toEqual(['filter at nat']);
  });

  test('an ended mapping frees its port', () => {
    const { net, nat, socket, remotes } = natLab({ mappingTimeout });
    reach(net, socket, remotes[0]);
    net.run(mappingTimeout);
    const neighbour = net.host('neighbour', { behind: nat }).bind(40_000);
    expect(reach(net, neighbour, remotes[0])).toBe('192.0.2.1:40000');
  });

  test('ended mappings are thrown away, however many remotes were sent to', () => {
    const { net, nat, socket } = natLab({ ...natKinds.symmetric, mappingTimeout: 1000 });
    for (let port = 1; port <= 5000; port++) {
      socket.send(`203.0.113.1:${port}`);
      net.run(10);
    }
    expect(nat.mappings.length).toBeLessThan(110);
  });
});
