import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UdpTransport } from '../transport.mjs';

const BOB = 'fc64:bed::b';
const ALICE = 'fc64:bed::a';

interface Sent {
  readonly at: number;
  readonly text: string;
  readonly port: number;
  readonly address: string;
  readonly playful: boolean;
}

/** A socket that keeps what is sent, with the time since the test began. */
class RecordingSocket extends EventEmitter {
  readonly sent: Sent[] = [];
  readonly answered = vi.fn();

  bind(): this {
    queueMicrotask(() => this.emit('listening'));
    return this;
  }

  send(bytes: Buffer, port: number, address: string): void {
    this.#keep(bytes, port, address, false);
  }

  sendOpportunistic(bytes: Buffer, port: number, address: string): { answered: () => void } {
    this.#keep(bytes, port, address, true);
    return { answered: this.answered };
  }

  close(): void {}

  receive(text: string, address: string): void {
    this.emit('message', Buffer.from(text), { address, port: 5060, family: 'IPv6' });
  }

  #keep(bytes: Buffer, port: number, address: string, playful: boolean): void {
    this.sent.push({ at: Date.now(), text: bytes.toString(), port, address, playful });
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
  it('given no response, then an INVITE is sent again after T1, 2 T1, 4 T1, … for 64 T1 (RFC 3261 §17.1.1.2)', async () => {
    await transport.send(request('INVITE'));
    await vi.advanceTimersByTimeAsync(120_000);
    expect(times()).toEqual([0, 500, 1500, 3500, 7500, 15_500, 31_500]);
    expect(new Set(socket.sent.map(({ text }) => text)).size).toBe(1);
    expect(socket.sent[0]).toMatchObject({ address: BOB, port: 5060 });
  });

  it('given no response, then other requests are sent again at most every T2 (RFC 3261 §17.1.2.2)', async () => {
    await transport.send(request('BYE'));
    await vi.advanceTimersByTimeAsync(120_000);
    expect(times()).toEqual([
      0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500,
    ]);
  });

  it('given a provisional response, then the INVITE is not sent again, but a BYE is', async () => {
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

  it('given a response to another request, then it goes on', async () => {
    await transport.send(request('INVITE'));
    socket.receive(response(200, 'BYE'), BOB);
    socket.receive(response(200, 'INVITE', `[${ALICE}];branch=z9hG4bK2`), BOB);
    await vi.advanceTimersByTimeAsync(500);
    expect(times()).toEqual([0, 500]);
  });

  it('given a request of the same branch, then that is no response', async () => {
    await transport.send(request('INVITE'));
    socket.receive(message(`INVITE sip:alice@[${ALICE}] SIP/2.0`, 'INVITE'), BOB);
    await vi.advanceTimersByTimeAsync(500);
    expect(socket.answered).not.toHaveBeenCalled();
    expect(times()).toEqual([0, 500]);
  });

  it('given an ACK, then it is sent once, and not played', async () => {
    await transport.send(request('ACK'));
    await vi.advanceTimersByTimeAsync(120_000);
    expect(socket.sent.map(({ playful }) => playful)).toEqual([false]);
  });

  it('given a port and a Route, then the request goes there (RFC 3261 §8.1.2)', async () => {
    const routed = message('ACK sip:bob@[fc64:bed::b]:5070 SIP/2.0', 'ACK');
    await transport.send(routed);
    await transport.send(routed.replace('CSeq', 'Route: <sip:[fc64:bed::c]:5080;lr>\r\nCSeq'));
    expect(socket.sent).toMatchObject([
      { address: BOB, port: 5070 },
      { address: 'fc64:bed::c', port: 5080 },
    ]);
  });
});

describe('playful requests', () => {
  it('given a request, then its first transmission is played and the others are not', async () => {
    await transport.send(request('INVITE'));
    await vi.advanceTimersByTimeAsync(1500);
    expect(socket.sent.map(({ playful }) => playful)).toEqual([true, false, false]);
  });

  it('given a response before the retransmission, then the play is answered', async () => {
    await transport.send(request('INVITE'));
    expect(socket.answered).not.toHaveBeenCalled();
    socket.receive(response(100, 'INVITE'), BOB);
    expect(socket.answered).toHaveBeenCalledOnce();
  });

  it('given a response after it, then nobody knows which transmission that answers', async () => {
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

  it('given a request that names another sender, then the response goes to the real one (RFC 3261 §18.2.1)', async () => {
    socket.receive(incoming, ALICE);
    await transport.send(answer(200));
    expect(socket.sent).toMatchObject([{ address: ALICE, port: 5060, playful: false }]);
  });

  it('given a refusal without ACK, then it is sent again as timer G says (RFC 3261 §17.2.1)', async () => {
    socket.receive(incoming, ALICE);
    await transport.send(answer(486));
    await vi.advanceTimersByTimeAsync(3500);
    expect(times()).toEqual([0, 500, 1500, 3500]);
    const ack = message('ACK sip:bob SIP/2.0', 'ACK', '[fc64:bed::f];branch=z9hG4bK1');
    socket.receive(ack, ALICE);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(times().length).toBe(4);
  });

  it('given the INVITE again meanwhile, then the refusal goes on no more often than before', async () => {
    socket.receive(incoming, ALICE);
    await transport.send(answer(486));
    await vi.advanceTimersByTimeAsync(400);
    await transport.send(answer(486));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(times()).toEqual([0, 400, 900, 1900]);
  });

  it('given another response, then it is sent once: SIP.js sees to what is left', async () => {
    socket.receive(incoming, ALICE);
    for (const status of [100, 180, 200]) await transport.send(answer(status));
    await vi.advanceTimersByTimeAsync(120_000);
    expect(socket.sent.length).toBe(3);
  });
});

describe('what is not SIP', () => {
  it('given bytes of any other kind, then nothing is passed on and nothing is sent', () => {
    for (const text of ['', '\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n', '\0\0\0\0', 'SIP/2.0 200']) {
      socket.receive(text, BOB);
    }
    expect(passedOn).toEqual([]);
    expect(socket.sent).toEqual([]);
  });
});
