import { describe, expect, test } from 'vitest';
import { Internet, type LinkDescription, type UdpSocket } from '../../src/index.js';
import { drops } from '../support/natLab.js';

interface Line {
  readonly net: Internet;
  readonly from: UdpSocket;
  readonly to: UdpSocket;
}

/** Two public hosts, one of them with this link. */
function line(link: LinkDescription, seed = 1): Line {
  const net = new Internet({ seed, trace: true });
  const from = net.host('from', { link }).bind(1);
  const to = net.host('to', { link: { delay: 0 } }).bind(2);
  return { net, from, to };
}

/** Sends numbered datagrams, one a millisecond, and returns the numbers that arrived, in order. */
function numbers({ net, from, to }: Line, count: number): number[] {
  for (let number = 0; number < count; number++) {
    from.send(to.endpoint, Uint8Array.of(number >> 8, number & 255));
    net.run(1);
  }
  net.run(10_000);
  return to.received.map(({ payload }) => payload[0]! * 256 + payload[1]!);
}

const inOrder = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('a link', () => {
  test('without faults carries every datagram once, in order, with the delay', () => {
    const lab = line({ delay: 12.5 });
    expect(numbers(lab, 100)).toEqual(inOrder(100));
    expect(lab.to.received[0]?.at).toBe(12.5);
  });

  test('loses those that its description says, and no other', () => {
    const seen: string[] = [];
    const lab = line({
      loses: ({ bytes, length, destination, destinationPort }) => {
        seen.push(`${destination >>> 0}:${destinationPort}`);
        return length === 2 && bytes[1]! % 3 === 0;
      },
    });
    expect(numbers(lab, 10)).toEqual(inOrder(10).filter((number) => number % 3 !== 0));
    expect(new Set(seen).size).toBe(1);
    expect(drops(lab.net)).toEqual(new Array(4).fill('loss at from'));
  });

  test('may have other options in each direction', () => {
    const net = new Internet();
    const link = { up: { delay: 3 }, down: { delay: 40 } };
    const one = net.host('one', { link }).bind(1);
    const other = net
      .host('other', { link: { delay: 0 } })
      .bind(2, ({ from }, self) => self.send(from));
    one.send(other.endpoint);
    net.run(100);
    expect(other.received[0]?.at).toBe(3);
    expect(one.received[0]?.at).toBe(43);
  });

  test('with jitter spreads arrivals between delay and delay + jitter, and keeps the order', () => {
    const lab = line({ delay: 10, jitter: 20 });
    expect(numbers(lab, 500)).toEqual(inOrder(500));
    const delays = lab.to.received.map(({ at }, index) => at - index);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...delays)).toBeLessThanOrEqual(30.001);
    expect(new Set(delays).size).toBeGreaterThan(50);
  });

  test('with loss drops that share of datagrams', () => {
    const lab = line({ loss: 0.3 });
    const arrived = numbers(lab, 2000).length;
    expect(arrived).toBeGreaterThan(1300);
    expect(arrived).toBeLessThan(1500);
    expect(drops(lab.net)).toHaveLength(2000 - arrived);
    expect(new Set(drops(lab.net))).toEqual(new Set(['loss at from']));
  });

  test('with duplication carries that share twice', () => {
    const lab = line({ duplication: 0.5 });
    const arrived = numbers(lab, 1000);
    expect(new Set(arrived).size).toBe(1000);
    expect(arrived.length).toBeGreaterThan(1400);
    expect(arrived.length).toBeLessThan(1600);
  });

  test('with reordering lets some be overtaken, and drops none', () => {
    const arrived = numbers(line({ delay: 10, reordering: 0.2 }), 1000);
    expect(arrived).not.toEqual(inOrder(1000));
    expect([...arrived].sort((one, other) => one - other)).toEqual(inOrder(1000));
  });

  describe('with an MTU', () => {
    const send = (link: LinkDescription, size: number): Line => {
      const lab = line(link);
      lab.from.send(lab.to.endpoint, new Uint8Array(size));
      lab.net.run(100);
      return lab;
    };

    test('carries a packet as large as the MTU', () => {
      expect(send({ mtu: 1000, fragments: 'drop' }, 972).to.received).toHaveLength(1);
    });

    test('drops a larger packet where fragments are dropped', () => {
      const lab = send({ mtu: 1000, fragments: 'drop' }, 973);
      expect(lab.to.received).toHaveLength(0);
      expect(drops(lab.net)).toEqual(['mtu at from']);
    });

    test('carries a larger packet as a whole where fragments are carried', () => {
      expect(send({ mtu: 1000 }, 3000).to.received[0]?.payload).toHaveLength(3000);
    });

    test('applies loss to each fragment', () => {
      const survivors = (mtu: number): number => {
        const { net, from, to } = line({ loss: 0.1, mtu });
        for (let count = 0; count < 1000; count++) from.send(to.endpoint, new Uint8Array(1280));
        net.run(100);
        return to.received.length;
      };
      // 1308 bytes travel whole, or in 13 fragments of up to 104 bytes: 0.9 against 0.9^13.
      expect(survivors(1500)).toBeGreaterThan(860);
      expect(survivors(124)).toBeLessThan(310);
      expect(survivors(124)).toBeGreaterThan(200);
    });
  });

  test('may change while the network runs', () => {
    const net = new Internet();
    const host = net.host('host', { link: { delay: 1 } });
    const from = host.bind(1);
    const to = net.host('to', { link: { delay: 0 } }).bind(2);
    host.link = { loss: 1 };
    from.send(to.endpoint);
    net.run(100);
    host.link = { delay: 7 };
    from.send(to.endpoint);
    net.run(100);
    expect(to.received.map(({ at }) => at)).toEqual([107]);
  });

  test.each([
    [{ delay: -1 }, 'link delay: -1'],
    [{ jitter: Number.NaN }, 'link jitter: NaN'],
    [{ loss: 2 }, 'link loss: 2'],
    [{ mtu: 20 }, 'link mtu: 20'],
  ] as const)('rejects %j and names the field', (link, message) => {
    expect(() => new Internet().host('host', { link })).toThrow(message);
  });
});
