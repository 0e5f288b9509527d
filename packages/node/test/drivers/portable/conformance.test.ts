import { UdpEndpoint } from '@6bed4/codec';
import type { TunnelSink } from '@6bed4/tunnel';
import { type DriverTestOptions, driverTests } from '@6bed4/tunnel/conformance';
import { describe, expect, test } from 'vitest';
import { openDriver } from '../../../src/drivers/portable/openDriver.js';
import { PortableUdp } from '../../../src/drivers/portable/portableUdp.js';
import { memoryNetwork } from '../../../src/drivers/ports/memoryNetwork.js';

const platform = {
  sleep: (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      setTimeout(resolve, milliseconds);
    }),
  random: Math.random,
};

const network = memoryNetwork();

const drivers: [string, DriverTestOptions['open']][] = [
  [
    'the portable driver',
    async (machine, callbacks) =>
      openDriver({
        machine,
        datagrams: await PortableUdp.open({ address: '127.0.0.1' }),
        ...callbacks,
      }),
  ],
  [
    'a driver in memory',
    async (machine, callbacks) =>
      openDriver({ machine, datagrams: network.bind('192.0.2.1'), ...callbacks }),
  ],
];

describe.each(drivers)('%s', (_, open) => {
  for (const { name, run } of driverTests({ ...platform, open })) test(name, run);
});

describe('the conformance tests of drivers', () => {
  /** Runs one demand on the portable driver with something broken. */
  async function broken(demand: string, open: DriverTestOptions['open']): Promise<unknown> {
    const test = driverTests({ ...platform, open }).find(({ name }) => name.startsWith(demand));
    return test!.run().then(
      () => null,
      (error: unknown) => error,
    );
  }
  const portable = drivers[0]![1];

  test('reject a driver that hands over Buffers', async () => {
    const open: DriverTestOptions['open'] = async (machine, callbacks) =>
      portable((sink, endpoint) => {
        const made = machine(sink, endpoint);
        const handle = made.handleDatagram.bind(made);
        made.handleDatagram = (bytes, ...rest) => handle(Buffer.from(bytes.buffer), ...rest);
        return made;
      }, callbacks);
    expect(String(await broken('carries empty', open))).toContain('Buffer');
  });

  test('reject a driver that keeps the bytes instead of copying them', async () => {
    const open: DriverTestOptions['open'] = async (machine, callbacks) =>
      portable((sink, endpoint) => {
        const late: TunnelSink = {
          sendDatagram: (bytes, offset, length, to, tos, ttl) => {
            const kept = new UdpEndpoint(to.address, to.port);
            setImmediate(() => sink.sendDatagram(bytes, offset, length, kept, tos, ttl));
          },
          deliverPacket: (...packet) => sink.deliverPacket(...packet),
          event: (event) => sink.event(event),
        };
        return machine(late, endpoint);
      }, callbacks);
    expect(String(await broken('has taken bytes', open))).toContain('payloads');
  });

  test('reject a driver that sends the last datagram first', async () => {
    const open: DriverTestOptions['open'] = async (machine, callbacks) =>
      portable((sink, endpoint) => {
        let waiting: (() => void)[] = [];
        const reversed: TunnelSink = {
          sendDatagram: (bytes, offset, length, to, tos, ttl) => {
            const copy = bytes.slice(offset, offset + length);
            const kept = new UdpEndpoint(to.address, to.port);
            waiting.unshift(() => sink.sendDatagram(copy, 0, length, kept, tos, ttl));
            setImmediate(() => {
              for (const send of waiting) send();
              waiting = [];
            });
          },
          deliverPacket: (...packet) => sink.deliverPacket(...packet),
          event: (event) => sink.event(event),
        };
        return machine(reversed, endpoint);
      }, callbacks);
    expect(String(await broken('sends in the order', open))).toContain('that order');
  });

  test('reject a driver whose clock runs in seconds', async () => {
    const open: DriverTestOptions['open'] = async (machine, callbacks) =>
      openDriver({
        machine,
        ...callbacks,
        clock: () => performance.now() / 1000,
        datagrams: await PortableUdp.open({ address: '127.0.0.1' }),
      });
    expect(String(await broken('gives the time', open))).toContain('100 ms');
  });

  test('reject a driver that loses packets of the program', async () => {
    const open: DriverTestOptions['open'] = async (machine, callbacks) => {
      const driver = await portable(machine, callbacks);
      return { ...driver, endpoint: driver.endpoint, send: () => undefined };
    };
    expect(String(await broken('hands packets of the program', open))).toContain('a packet');
  });
});
