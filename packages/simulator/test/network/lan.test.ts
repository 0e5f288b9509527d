import { describe, expect, test } from 'vitest';
import { Internet } from '../../src/index.js';
import { drops, reach } from '../support/natLab.js';

const GROUP = '224.0.0.1';

function lan() {
  const net = new Internet({ trace: true });
  const nat = net.nat('nat', { network: '192.168.1.0/24' });
  const hosts = ['one', 'two', 'three'].map((name) => net.host(name, { behind: nat }));
  const [one, two, three] = hosts as [(typeof hosts)[0], (typeof hosts)[0], (typeof hosts)[0]];
  return { net, nat, one, two, three };
}

describe('a LAN', () => {
  test('lets its hosts reach each other directly, with their internal addresses', () => {
    const { net, nat, one, two } = lan();
    const from = one.bind(1000);
    const to = two.bind(2000);
    expect(reach(net, from, to)).toBe('192.168.1.2:1000');
    expect(nat.mappings).toEqual([]);
  });

  test('carries multicast to all other members that joined, with the internal source', () => {
    const { net, one, two, three } = lan();
    for (const host of [one, two]) host.join(GROUP, 25_788);
    const from = one.bind(25_788);
    const member = two.bind(25_788);
    const other = three.bind(25_788);
    from.send(`${GROUP}:25788`, Uint8Array.of(1), 1);
    net.run(100);
    expect(member.received.map((datagram) => datagram.from)).toEqual(['192.168.1.2:25788']);
    expect(from.received).toEqual([]);
    expect(other.received).toEqual([]);
  });

  test('drops multicast to another port than the one joined', () => {
    const { net, one, two } = lan();
    two.join(GROUP, 25_788);
    one.bind(1).send(`${GROUP}:25790`, Uint8Array.of(1), 1);
    net.run(100);
    expect(drops(net)).toEqual(['no-multicast at inside nat']);
  });

  test('keeps multicast inside, whatever its TTL', () => {
    const { net, one } = lan();
    const outside = net.host('outside');
    outside.join(GROUP, 25_788);
    const socket = outside.bind(25_788);
    one.bind(1).send(`${GROUP}:25788`, Uint8Array.of(1), 64);
    socket.send(`${GROUP}:25788`);
    net.run(100);
    expect(socket.received).toEqual([]);
    expect(drops(net)).toEqual(['no-multicast at inside nat', 'no-multicast at core']);
  });

  test('may use the same addresses as another LAN', () => {
    const net = new Internet();
    const homes = ['one', 'two'].map((name) => net.nat(name, { network: '192.168.1.0/24' }));
    const sockets = homes.map((behind, index) => net.host(`host ${index}`, { behind }).bind(9));
    expect(sockets[0]?.endpoint).toBe(sockets[1]?.endpoint);
    const remote = net.host('remote').bind(1);
    expect(reach(net, sockets[0]!, remote)).not.toBe(reach(net, sockets[1]!, remote));
  });

  test('assigns each address once', () => {
    const net = new Internet();
    const nat = net.nat('nat', { network: '192.168.1.0/29' });
    net.host('fixed', { behind: nat, address: '192.168.1.3' });
    const given = [0, 1, 2, 3].map((n) => net.host(`${n}`, { behind: nat }).address);
    expect(given).toEqual(['192.168.1.2', '192.168.1.4', '192.168.1.5', '192.168.1.6']);
    expect(() => net.host('5', { behind: nat })).toThrow('no address is left in 192.168.1.0/29');
    expect(() => net.host('6', { behind: nat, address: '192.168.1.3' })).toThrow(
      'belongs to fixed',
    );
    expect(() => net.host('fixed')).toThrow('there is a node fixed already');
  });
});
