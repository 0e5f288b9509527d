import { describe, expect, test } from 'vitest';
import { type FilteringBehavior, natTypes } from '../../src/index.js';
import { drops, natLab, reach } from '../support/natLab.js';

/** For each of the three remotes, whether it is let in after the inside has sent to the first only. */
function admitted(filtering: FilteringBehavior): boolean[] {
  const { net, socket, remotes } = natLab({ filtering });
  const outside = reach(net, socket, remotes[0])!;
  return remotes.map((remote) => reach(net, remote, socket, outside) !== null);
}

describe('filtering behavior (RFC 4787 §5, REQ-8)', () => {
  test('endpoint-independent lets every remote in', () => {
    expect(admitted('endpoint-independent')).toEqual([true, true, true]);
  });

  test('address-dependent lets every port of an address in that was sent to', () => {
    expect(admitted('address-dependent')).toEqual([true, true, false]);
  });

  test('address-and-port-dependent lets only an endpoint in that was sent to', () => {
    expect(admitted('address-and-port-dependent')).toEqual([true, false, false]);
  });

  test('drops datagrams to a port without mapping', () => {
    const { net, socket, remotes } = natLab(natTypes.fullCone);
    expect(reach(net, remotes[0], socket, '192.0.2.1:40000')).toBeNull();
    expect(drops(net)).toEqual(['no-mapping at nat']);
  });

  test('lets a reply through to the internal endpoint, with the source of the remote', () => {
    const { net, socket, remotes } = natLab();
    const outside = reach(net, socket, remotes[0])!;
    expect(reach(net, remotes[0], socket, outside)).toBe('203.0.113.1:1000');
  });

  test('with permits, passes UDP to and from the listed addresses only', () => {
    const { net, socket, remotes } = natLab({
      ...natTypes.fullCone,
      permits: ['203.0.113.1'],
    });
    const outside = reach(net, socket, remotes[0])!;
    expect(reach(net, socket, remotes[2])).toBeNull();
    expect(reach(net, remotes[2], socket, outside)).toBeNull();
    expect(reach(net, remotes[1], socket, outside)).not.toBeNull();
    expect(drops(net)).toEqual(['blocked at nat', 'blocked at nat']);
  });
});

describe('mapping timeout (RFC 4787 §4.3)', () => {
  const mappingTimeout = 120_000;

  test('ends a mapping that is not refreshed (REQ-5)', () => {
    const { net, nat, socket, remotes } = natLab({ ...natTypes.fullCone, mappingTimeout });
    const outside = reach(net, socket, remotes[0])!;
    net.run(mappingTimeout - 1000);
    expect(nat.mappings).toHaveLength(1);
    expect(reach(net, remotes[0], socket, outside)).not.toBeNull();
    net.run(2000);
    expect(nat.mappings).toHaveLength(0);
    expect(reach(net, remotes[0], socket, outside)).toBeNull();
  });

  test('does not end a mapping that outbound traffic refreshes (REQ-6)', () => {
    const { net, socket, remotes } = natLab({ ...natTypes.fullCone, mappingTimeout });
    const outside = reach(net, socket, remotes[0])!;
    for (let round = 0; round < 5; round++) {
      net.run(mappingTimeout - 1000);
      expect(reach(net, socket, remotes[1])).toBe(outside);
    }
  });

  test.each([
    ['outbound', false],
    ['both', true],
  ] as const)(
    'with refresh direction %s, inbound traffic alone refreshes a mapping: %s (REQ-6a)',
    (refreshDirection, isKept) => {
      const { net, socket, remotes } = natLab({
        ...natTypes.fullCone,
        mappingTimeout,
        refreshDirection,
      });
      const outside = reach(net, socket, remotes[0])!;
      net.run(mappingTimeout - 1000);
      expect(reach(net, remotes[0], socket, outside)).not.toBeNull();
      net.run(mappingTimeout - 1000);
      expect(reach(net, remotes[0], socket, outside) !== null).toBe(isKept);
    },
  );

  test('is longer than the filter timeout, after which a remote is no longer let in', () => {
    const { net, socket, remotes } = natLab({ mappingTimeout, filterTimeout: 30_000 });
    const outside = reach(net, socket, remotes[0])!;
    net.run(20_000);
    expect(reach(net, socket, remotes[1])).toBe(outside);
    net.run(20_000);
    expect(reach(net, remotes[0], socket, outside)).toBeNull();
    expect(reach(net, remotes[1], socket, outside)).not.toBeNull();
    expect(drops(net)).toEqual(['filter at nat']);
  });

  test('frees the port of the mapping', () => {
    const { net, nat, socket, remotes } = natLab({ mappingTimeout });
    reach(net, socket, remotes[0]);
    net.run(mappingTimeout);
    const neighbor = net.host('neighbor', { behind: nat }).bind(40_000);
    expect(reach(net, neighbor, remotes[0])).toBe('192.0.2.1:40000');
  });

  test('removes ended mappings, however many remotes were sent to', () => {
    const { net, nat, socket } = natLab({ ...natTypes.symmetric, mappingTimeout: 1000 });
    for (let port = 1; port <= 5000; port++) {
      socket.send(`203.0.113.1:${port}`);
      net.run(10);
    }
    expect(nat.mappings.length).toBeLessThan(110);
  });
});
