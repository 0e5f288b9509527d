import type { Socket } from 'node:dgram';
import { describe, expect, test } from 'vitest';
import { SerialSender } from '../../../src/drivers/portable/serialSender.js';

type Sent = (error: Error | null) => void;

/** A socket that takes datagrams when the test says so. */
class SlowSocket {
  readonly log: string[] = [];
  readonly #pending: Sent[] = [];

  send(bytes: Uint8Array, _: number, __: number, port: number, address: string, sent: Sent): void {
    this.log.push(`send ${bytes.join()} to ${address}:${port}`);
    this.#pending.push(sent);
  }

  take(error: Error | null = null): void {
    this.#pending.shift()!(error);
  }
}

function bench() {
  const socket = new SlowSocket();
  const outcomes: (Error | null)[] = [];
  const sender = new SerialSender(socket as unknown as Socket, (error) => outcomes.push(error));
  const send = (byte: number, ttl?: number): void =>
    sender.send({
      bytes: Uint8Array.of(byte),
      address: '192.0.2.1',
      port: 9,
      before: ttl === undefined ? null : () => socket.log.push(`ttl ${ttl}`),
      after: ttl === undefined ? null : () => socket.log.push('ttl back'),
    });
  return { socket, sender, outcomes, send };
}

describe('SerialSender', () => {
  test('is needed where a socket does not report how much waits', () => {
    expect(SerialSender.isNeededFor({})).toBe(true);
    expect(SerialSender.isNeededFor({ getSendQueueCount: () => 0 })).toBe(false);
  });

  test('sends one datagram at a time, in order', () => {
    const { socket, sender, send } = bench();
    send(1);
    send(2);
    expect(socket.log).toEqual(['send 1 to 192.0.2.1:9']);
    expect([sender.length, sender.bytes]).toEqual([2, 2]);
    socket.take();
    expect(socket.log).toEqual(['send 1 to 192.0.2.1:9', 'send 2 to 192.0.2.1:9']);
    socket.take();
    expect([sender.length, sender.bytes]).toEqual([0, 0]);
  });

  test('sets the TTL of one datagram while that one is sent, and no longer', () => {
    const { socket, send } = bench();
    send(1, 3);
    send(2);
    socket.take();
    expect(socket.log).toEqual([
      'ttl 3',
      'send 1 to 192.0.2.1:9',
      'ttl back',
      'send 2 to 192.0.2.1:9',
    ]);
  });

  test('reports datagrams that were refused, and sends the next', () => {
    const { socket, outcomes, send } = bench();
    const error = new Error('refused');
    send(1);
    send(2);
    socket.take(error);
    socket.take();
    expect(outcomes).toEqual([error, null]);
  });

  test('leaves the socket alone once it is closed', () => {
    const { socket, sender, outcomes, send } = bench();
    send(1, 3);
    send(2);
    sender.close();
    socket.take();
    expect(socket.log).toEqual(['ttl 3', 'send 1 to 192.0.2.1:9']);
    expect(outcomes).toEqual([]);
  });
});
