import { describe, expect, test } from 'vitest';
import { type FilteringBehavior, type HairpinningBehavior, natTypes } from '../../src/index.js';
import { drops, natLab, reach } from '../support/natLab.js';

/** Two hosts behind one NAT, and their external endpoints. */
function twoInside(
  hairpinning: HairpinningBehavior,
  filtering: FilteringBehavior = 'endpoint-independent',
) {
  const lab = natLab({ mapping: 'endpoint-independent', filtering, hairpinning });
  const other = lab.net.host('neighbor', { behind: lab.nat }).bind(50_000);
  const outside = reach(lab.net, lab.socket, lab.remotes[0])!;
  const otherOutside = reach(lab.net, other, lab.remotes[0])!;
  return { ...lab, other, outside, otherOutside };
}

describe('hairpinning (RFC 4787 §6, REQ-9)', () => {
  test('off drops what is sent to the external address of the own NAT', () => {
    const { net, socket, other, otherOutside } = twoInside('off');
    expect(reach(net, socket, other, otherOutside)).toBeNull();
    expect(drops(net)).toEqual(['hairpin at nat']);
  });

  test('external-source shows the neighbor the external endpoint of the sender (REQ-9a)', () => {
    const { net, socket, other, outside, otherOutside } = twoInside('external-source');
    expect(reach(net, socket, other, otherOutside)).toBe(outside);
    expect(reach(net, other, socket, outside)).toBe(otherOutside);
  });

  test('internal-source shows the neighbor the internal endpoint of the sender', () => {
    const { net, socket, other, otherOutside } = twoInside('internal-source');
    expect(reach(net, socket, other, otherOutside)).toBe(socket.endpoint);
  });

  test('passes the filter only where a remote would', () => {
    const lab = twoInside('external-source', 'address-and-port-dependent');
    const { net, socket, other, outside, otherOutside } = lab;
    expect(reach(net, socket, other, otherOutside)).toBeNull();
    expect(reach(net, other, socket, outside)).toBe(otherOutside);
    expect(reach(net, socket, other, otherOutside)).toBe(outside);
  });

  test('works at an outer NAT between hosts behind two inner ones', () => {
    const { net, nat, remotes } = natLab({ ...natTypes.rfc4787 });
    const homes = ['one', 'two'].map((name) => {
      const home = net.nat(`home ${name}`, { behind: nat, ...natTypes.fullCone });
      return net.host(`in home ${name}`, { behind: home }).bind(30_000);
    });
    const [first, second] = homes as [(typeof homes)[0], (typeof homes)[0]];
    const firstOutside = reach(net, first, remotes[0])!;
    const secondOutside = reach(net, second, remotes[0])!;
    expect(firstOutside).not.toBe(secondOutside);
    expect(reach(net, first, second, secondOutside)).toBe(firstOutside);
  });
});
