import { parseIPv4, UdpEndpoint } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { type DatagramPort, type MemoryDatagram, memoryNetwork } from '../../../src/index.js';

const to = (port: number): UdpEndpoint => new UdpEndpoint(parseIPv4('192.0.2.2'), port);

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));

function record(port: DatagramPort): string[] {
  const received: string[] = [];
  port.start((bytes, offset, length, address, source) => {
    received.push(`${[...bytes.subarray(offset, offset + length)]} from ${address}:${source}`);
  });
  return received;
}

describe('memoryNetwork', () => {
  test('delivers copies in order, after the call has returned', async () => {
    const network = memoryNetwork();
    const left = network.bind('192.0.2.1', 1);
    const received = record(network.bind('192.0.2.2', 2));
    const bytes = Uint8Array.of(1, 2, 3);
    left.send(bytes, 1, 2, to(2), 0, 0);
    bytes.fill(9);
    left.send(bytes, 0, 0, to(2), 0, 0);
    expect(received).toEqual([]);
    await turn();
    expect(received).toEqual([`2,3 from ${0xc000_0201}:1`, ` from ${0xc000_0201}:1`]);
  });

  test('loses datagrams to unbound ports, and those that `forward` refuses', async () => {
    const seen: MemoryDatagram[] = [];
    const network = memoryNetwork({
      forward: (datagram) => {
        seen.push(datagram);
        return datagram.ttl === 0;
      },
    });
    const left = network.bind('192.0.2.1', 1);
    const received = record(network.bind('192.0.2.2', 2));
    left.send(Uint8Array.of(1), 0, 1, to(2), 0xb8, 3);
    left.send(Uint8Array.of(2), 0, 1, to(3), 0, 0);
    left.send(Uint8Array.of(3), 0, 1, to(2), 0, 0);
    await turn();
    expect(received).toEqual([`3 from ${0xc000_0201}:1`]);
    expect(seen[0]).toMatchObject({
      source: { address: '192.0.2.1', port: 1 },
      destination: { address: '192.0.2.2', port: 2 },
      tos: 0xb8,
      ttl: 3,
    });
  });

  test('binds each port once', async () => {
    const network = memoryNetwork();
    const port = network.bind('192.0.2.1', 1);
    expect(() => network.bind('192.0.2.1', 1)).toThrow('UDP 192.0.2.1:1 is in use');
    await port.close();
    network.bind('192.0.2.1', 1);
    const first = network.bind('192.0.2.1').endpoint.port;
    expect(network.bind('192.0.2.1').endpoint.port).not.toBe(first);
  });

  test('moves a port, to an even one if requested', async () => {
    const network = memoryNetwork();
    const port = network.bind('192.0.2.1', 49_153);
    await port.rebind(true);
    expect(port.endpoint.port % 2).toBe(0);
    network.bind('192.0.2.1', 49_153);
  });
});
