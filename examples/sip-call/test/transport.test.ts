import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { UdpTransport } from '../transport.mjs';

const BOB = 'fc64:bed::b';
const ALICE = 'fc64:bed::a';

interface Sent {
  readonly at: number;
  readonly text: string;
  readonly port: number;
  readonly address: string;
  readonly opportunistic: boolean;
}

/** A socket that records what is sent, with the time since the test began. */
class RecordingSocket extends EventEmitter {
  readonly sent: Sent[] = [];
  readonly answered = vi.fn();

  bind(): this {
    queueMicrotask(() => this.emit('listening'));
    return this;
  }

  send(bytes: Buffer, port: number, address: string): void {
    this.#record(bytes, port, address, false);
  }

  sendOpportunistic(bytes: Buffer, port: number, address: string): { answered: () => void } {
    this.#record(bytes, port, address, true);
    return { answered: this.answered };
  }

  close(): void {}

  receive(text: string, address: string): void {
    this.emit('message', Buffer.from(text), { address, port: 5060, family: 'IPv6' });
  }

  #record(bytes: Buffer, port: number, address: string, opportunistic: boolean): void {
    this.sent.push({ at: Date.now(), text: bytes.toString(), port, address, opportunistic });
  }
}

function message(start: string, method: string, via = `[${ALICE}];branch=z9hG4bK1`): string {
  return [
    start,
    `Via: SIP/2.0/UDP ${via}`,
    `From: <sip:alice@[${ALICE}]>;tag=1`,
    `To: <sip:bob@[${BOB}]>`,
    'Call-ID: 1',
    `CSeq: 1 ${method}`,
    'Content-Length: 0',
    '\r\n',
  ].join('\r\n');
}

const request = (method: string): string => message(`${method} sip:bob@[${BOB}] SIP/2.0`, method);
const response = (status: number, method: string, via?: string): string =>
  message(`SIP/2.0 ${status} Whatever`, method, via);

let socket: RecordingSocket;
let transport: UdpTransport;
let passedOn: string[];

beforeEach(async () => {
  vi.useFakeTimers({ now: 0 });
  socket = new RecordingSocket();
  transport = new UdpTransport(null, { socket });
  passedOn = [];
  Object.assign(transport, { onMessage: (text: string) => passedOn.push(text) });
  await transport.connect();
});
afterEach(async () => {
  await transport.dispose();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const times = (): number[] => socket.sent.map(({ at }) => at);

describe('requests over UDP', () => {
  test('retransmit an INVITE without response after T1, 2 T1, 4 T1, … for 64 T1 (RFC 3261 §17.1.1.2)', async () => {
    await transport.send(request('INVITE'));
    await vi.advanceTimersByTimeAsync(120_000);
    expect(times()).toEqual([0, 500, 1500, 3500, 7500, 15_500, 31_500]);
    expect(new Set(socket.sent.map(({ text }) => text)).size).toBe(1);
    expect(socket.sent[0]).toMatchObject({ address: BOB, port: 5060 });
  });

  test('retransmit another request without response at most every T2 (RFC 3261 §17.1.2.2)', async () => {
    await transport.send(request('BYE'));
    await vi.advanceTimersByTimeAsync(120_000);
    expect(times()).toEqual([
      0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500,
    ]);
  });

  test('retransmit a BYE, but not an INVITE, after a provisional response', async () => {
    await transport.send(request('INVITE'));
    await transport.send(request('BYE'));
    socket.receive(response(100, 'INVITE'), BOB);
    socket.receive(response(100, 'BYE'), BOB);
    await vi.advanceTimersByTimeAsync(500);
    expect(socket.sent.slice(2).map(({ text }) => text)).toEqual([request('BYE')]);
    socket.receive(response(200, 'BYE'), BOB);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(socket.sent.length).toBe(3);
  });

  test('retransmit after a response to another request', async () => {
    await transport.send(request('INVITE'));
    socket.receive(response(200, 'BYE'), BOB);
    socket.receive(response(200, 'INVITE', `[${ALICE}];branch=z9hG4bK2`), BOB);
    await vi.advanceTimersByTimeAsync(500);
    expect(times()).toEqual([0, 500]);
  });

  test('retransmit after a request with the same branch', async () => {
    await transport.send(request('INVITE'));
    socket.receive(message(`INVITE sip:alice@[${ALICE}] SIP/2.0`, 'INVITE'), BOB);
    await vi.advanceTimersByTimeAsync(500);
    expect(socket.answered).not.toHaveBeenCalled();
    expect(times()).toEqual([0, 500]);
  });

  test('send an ACK once, and not opportunistically', async () => {
    await transport.send(request('ACK'));
    await vi.advanceTimersByTimeAsync(120_000);
    expect(socket.sent.map(({ opportunistic }) => opportunistic)).toEqual([false]);
  });

  test('go to the port of the URI and to the Route (RFC 3261 §8.1.2)', async () => {
    const routed = message('ACK sip:bob@[fc64:bed::b]:5070 SIP/2.0', 'ACK');
    await transport.send(routed);
    await transport.send(routed.replace('CSeq', 'Route: <sip:[fc64:bed::c]:5080;lr>\r\nCSeq'));
    expect(socket.sent).toMatchObject([
      { address: BOB, port: 5070 },
      { address: 'fc64:bed::c', port: 5080 },
    ]);
  });
});

describe('opportunistic requests', () => {
  test('are opportunistic in their first transmission only', async () => {
    await transport.send(request('INVITE'));
    await vi.advanceTimersByTimeAsync(1500);
    expect(socket.sent.map(({ opportunistic }) => opportunistic)).toEqual([true, false, false]);
  });

  test('report a response that comes before the retransmission', async () => {
    await transport.send(request('INVITE'));
    expect(socket.answered).not.toHaveBeenCalled();
    socket.receive(response(100, 'INVITE'), BOB);
    expect(socket.answered).toHaveBeenCalledOnce();
  });

  test('do not report a response after it, which may be to either transmission', async () => {
    await transport.send(request('INVITE'));
    await vi.advanceTimersByTimeAsync(500);
    socket.receive(response(100, 'INVITE'), BOB);
    expect(socket.answered).not.toHaveBeenCalled();
  });
});

describe('responses over UDP', () => {
  const incoming = message(
    `INVITE sip:bob@[${BOB}] SIP/2.0`,
    'INVITE',
    '[fc64:bed::f];branch=z9hG4bK1',
  );
  const answer = (status: number): string => {
    const [via] = /(?<=^Via: SIP\/2.0\/UDP ).*$/m.exec(passedOn[0]!)!;
    return response(status, 'INVITE', via.trim());
  };

  test('go to the source of a request, whatever its Via says (RFC 3261 §18.2.1)', async () => {
    socket.receive(incoming, ALICE);
    await transport.send(answer(200));
    expect(socket.sent).toMatchObject([{ address: ALICE, port: 5060, opportunistic: false }]);
  });

  test('retransmit a refusal without ACK by timer G (RFC 3261 §17.2.1)', async () => {
    socket.receive(incoming, ALICE);
    await transport.send(answer(486));
    await vi.advanceTimersByTimeAsync(3500);
    expect(times()).toEqual([0, 500, 1500, 3500]);
    const ack = message('ACK sip:bob SIP/2.0', 'ACK', '[fc64:bed::f];branch=z9hG4bK1');
    socket.receive(ack, ALICE);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(times().length).toBe(4);
  });

  test('retransmit a refusal no more often when the INVITE comes again', async () => {
    socket.receive(incoming, ALICE);
    await transport.send(answer(486));
    await vi.advanceTimersByTimeAsync(400);
    await transport.send(answer(486));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(times()).toEqual([0, 400, 900, 1900]);
  });

  test('are sent once when they are no refusal, since SIP.js does the rest', async () => {
    socket.receive(incoming, ALICE);
    for (const status of [100, 180, 200]) await transport.send(answer(status));
    await vi.advanceTimersByTimeAsync(120_000);
    expect(socket.sent.length).toBe(3);
  });
});

describe('bytes that are not SIP', () => {
  test('are not passed on, and nothing is sent', () => {
    for (const text of ['', '\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n', '\0\0\0\0', 'SIP/2.0 200']) {
      socket.receive(text, BOB);
    }
    expect(passedOn).toEqual([]);
    expect(socket.sent).toEqual([]);
  });
});
