import { describe, expect, test } from 'vitest';
import { Internet } from '../../src/index.js';
import { drops, MOMENT, reach } from '../support/natLab.js';

function office(filtering: 'endpoint-independent' | 'address-and-port-dependent') {
  const net = new Internet({ trace: true });
  const firewall = net.firewall('firewall', { filtering, mappingTimeout: 60_000 });
  const inside = net.host('inside', { behind: firewall, address: '192.0.2.50' }).bind(4000);
  const host = net.host('host', { address: '203.0.113.1' });
  return { net, firewall, inside, remotes: [host.bind(1000), host.bind(2000)] as const };
}

describe('a firewall', () => {
  test('keeps address and port of the hosts behind it', () => {
    const { net, inside, remotes } = office('address-and-port-dependent');
    expect(reach(net, inside, remotes[0])).toBe('192.0.2.50:4000');
  });

  test('lets only a remote in that was sent to', () => {
    const { net, inside, remotes } = office('address-and-port-dependent');
    expect(reach(net, remotes[0], inside)).toBeNull();
    reach(net, inside, remotes[0]);
    expect(reach(net, remotes[0], inside)).toBe('203.0.113.1:1000');
    expect(reach(net, remotes[1], inside)).toBeNull();
    expect(drops(net)).toEqual(['filter at firewall', 'filter at firewall']);
  });

  test('with endpoint-independent filtering, lets every remote in to a host that has sent', () => {
    const { net, inside, remotes } = office('endpoint-independent');
    expect(reach(net, remotes[1], inside)).toBeNull();
    reach(net, inside, remotes[0]);
    expect(reach(net, remotes[1], inside)).not.toBeNull();
  });

  test('ends a session after its timeout, and when it is reset', () => {
    const { net, firewall, inside, remotes } = office('address-and-port-dependent');
    reach(net, inside, remotes[0]);
    net.run(60_000);
    expect(reach(net, remotes[0], inside)).toBeNull();
    reach(net, inside, remotes[0]);
    firewall.reset();
    expect(reach(net, remotes[0], inside)).toBeNull();
  });

  test('may have a NAT behind it, with a public address of its own', () => {
    const net = new Internet({ trace: true });
    const firewall = net.firewall('firewall');
    const nat = net.nat('nat', { behind: firewall, external: '192.0.2.99' });
    const inside = net.host('inside', { behind: nat }).bind(4000);
    const remote = net.host('remote').bind(1);
    expect(reach(net, inside, remote)).toBe('192.0.2.99:4000');
    expect(reach(net, remote, inside, '192.0.2.99:4000')).not.toBeNull();
  });
});

test('the Internet blocks UDP between two public addresses until it is allowed again', () => {
  const net = new Internet({ trace: true });
  const one = net.host('one', { address: '203.0.113.1' }).bind(1);
  const two = net.host('two', { address: '203.0.113.2' }).bind(2);
  net.block('203.0.113.1', '203.0.113.2');
  expect(reach(net, one, two)).toBeNull();
  expect(reach(net, two, one)).toBeNull();
  net.unblock('203.0.113.1', '203.0.113.2');
  expect(reach(net, one, two)).not.toBeNull();
  net.run(MOMENT);
  expect(drops(net)).toEqual(['blocked at core', 'blocked at core']);
});
