import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { Inviter, UserAgent } from 'sip.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createMedia } from '../media.mjs';
import { createPhone } from '../phone.mjs';

const ALICE = 'fc64:bed::a';
const METHODS = 'INVITE BYE ACK CANCEL OPTIONS REGISTER REFER INFO MESSAGE NOTIFY PRACK UPDATE';

/** A socket that only records what is sent. */
class RecordingSocket extends EventEmitter {
  bind(): this {
    queueMicrotask(() => this.emit('listening'));
    return this;
  }

  address(): { port: number } {
    return { port: 5060 };
  }

  connect(_port: number, _address: string, callback: () => void): void {
    queueMicrotask(callback);
  }

  readonly sent: string[] = [];

  send(bytes: Uint8Array, port = 0): void {
    if (port > 65_535) throw new RangeError('Port should be < 65536');
    this.sent.push(Buffer.from(bytes).toString());
  }

  close(): void {}
}

function request(method: string, serial: number): string {
  return [
    `${method} sip:bob@[fc64:bed::b] SIP/2.0`,
    `Via: SIP/2.0/UDP [${ALICE}];branch=z9hG4bK${serial}`,
    `From: <sip:alice@[${ALICE}]>;tag=1`,
    'To: <sip:bob@[fc64:bed::b]>',
    `Call-ID: ${serial}`,
    `CSeq: 1 ${method}`,
    'Max-Forwards: 70',
    `Contact: <sip:alice@[${ALICE}]>`,
    'Supported: 100rel, replaces',
    'Content-Type: application/sdp',
    'Content-Length: 91',
    '',
    'v=0',
    `o=- 1 1 IN IP6 ${ALICE}`,
    's=-',
    `c=IN IP6 ${ALICE}`,
    't=0 0',
    'm=audio 5000 RTP/AVP 0',
    '',
  ].join('\r\n');
}

/** The place of a change, as a share of the text; the number of characters removed; and their replacement. */
const change = fc.tuple(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.nat(40),
  fc.oneof(
    fc.constant(''),
    fc.string({ maxLength: 4 }),
    fc.constantFrom('\r\n', ':', ';', '[', '<'),
  ),
);

const faults: unknown[] = [];
const keep = (fault: unknown): void => {
  faults.push(fault);
};

beforeEach(() => {
  faults.length = 0;
  process.on('unhandledRejection', keep);
});
afterEach(() => {
  process.off('unhandledRejection', keep);
});

async function startPhone() {
  const sockets: RecordingSocket[] = [];
  const phone = createPhone({
    user: 'bob',
    address: 'fc64:bed::b',
    createSocket: () => {
      const socket = new RecordingSocket();
      sockets.push(socket);
      return socket;
    },
    trace: undefined,
    report: () => {},
  });
  await phone.start();
  return { phone, sockets };
}

describe('a phone', () => {
  test('survives requests with faults of any kind', async () => {
    const { sockets } = await startPhone();
    let serial = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...METHODS.split(' ')),
        fc.array(change, { maxLength: 4 }),
        (method, changes) => {
          let text = request(method, ++serial);
          for (const [where, length, instead] of changes) {
            const start = Math.floor(where * text.length);
            text = text.slice(0, start) + instead + text.slice(start + length);
          }
          sockets[0]!.emit('message', Buffer.from(text), { address: ALICE, port: 5060 });
        },
      ),
      { numRuns: 500 },
    );
    await sleep(100);
    expect(serial).toBe(500);
    expect(faults).toEqual([]);
    // Accepted calls have sockets of their own.
    expect(sockets.length).toBeGreaterThan(2);
  }, 30_000);

  test.each([
    ['a method outside a dialog', request('PRACK', 1)],
    [
      'a body without a type',
      request('INVITE', 1).replace('Content-Type: application/sdp\r\n', ''),
    ],
    ['a body of an unknown type', request('INVITE', 1).replace('application/sdp', 'x/y')],
    ['a description without audio', request('INVITE', 1).replace('m=audio', 'm=video')],
    ['an empty description', request('INVITE', 1).replace(/v=0.*/s, `v=0${' '.repeat(90)}`)],
  ])('survives %s', async (_, text) => {
    const { sockets } = await startPhone();
    sockets[0]!.emit('message', Buffer.from(text), { address: ALICE, port: 5060 });
    await sleep(50);
    expect(faults).toEqual([]);
  });

  /** A response of a callee to an INVITE. */
  function answerTo(invite: string): string {
    const headers = invite.split('\r\n').filter((line) => /^(Via|From|Call-ID|CSeq):/.test(line));
    const body = request('INVITE', 1).split('\r\n\r\n')[1];
    return [
      'SIP/2.0 200 OK',
      ...headers,
      `To: <sip:alice@[${ALICE}]>;tag=2`,
      `Contact: <sip:alice@[${ALICE}]>`,
      'Content-Type: application/sdp',
      'Content-Length: 91',
      '',
      body,
    ].join('\r\n');
  }

  test('survives responses with faults of any kind', async () => {
    const { phone, sockets } = await startPhone();
    const call = async (distort: (answer: string) => string): Promise<void> => {
      new Inviter(phone, UserAgent.makeURI(`sip:alice@[${ALICE}]`)!).invite().catch(() => {});
      await sleep(1);
      const invite = sockets[0]!.sent.filter((text) => text.startsWith('INVITE')).at(-1)!;
      const answer = Buffer.from(distort(answerTo(invite)));
      sockets[0]!.emit('message', answer, { address: ALICE, port: 5060 });
    };
    await call((answer) =>
      answer.replace(`@[${ALICE}]>\r\nContent`, `@[${ALICE}]:99999>\r\nContent`),
    );
    await call((answer) => answer.replace('Content-Type: application/sdp\r\n', ''));
    await call((answer) => answer.replace(/Contact: .*\r\n/, ''));
    await call((answer) => answer.replace(/Contact: .*/, 'Contact: <tel:1>'));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 4 }), (changes) =>
        call((answer) =>
          changes.reduce((text, [where, length, instead]) => {
            const start = Math.floor(where * text.length);
            return text.slice(0, start) + instead + text.slice(start + length);
          }, answer),
        ),
      ),
      { numRuns: 100 },
    );
    await sleep(100);
    expect(faults).toEqual([]);
    expect(sockets[0]!.sent.filter((text) => text.startsWith('ACK')).length).toBeGreaterThan(2);
  }, 30_000);

  test('does not count datagrams that are empty or not RTP', async () => {
    const socket = new RecordingSocket();
    const reports: { received: number }[] = [];
    const media = createMedia(socket, ALICE, (report: { received: number }) =>
      reports.push(report),
    );
    await media.setDescription(request('INVITE', 1).split('\r\n\r\n')[1]);
    await sleep(10);
    const packet = Buffer.concat([
      Buffer.of(0x80, 0, 0, 1, 0, 0, 0, 160, 1, 2, 3, 4),
      Buffer.alloc(160),
    ]);
    for (const length of [0, 1, 11]) socket.emit('message', packet.subarray(0, length));
    socket.emit('message', Buffer.alloc(172));
    // An extension, contributing sources and padding that are missing.
    socket.emit('message', Buffer.concat([Buffer.of(0xbf), packet.subarray(1, 12)]));
    socket.emit('message', packet);
    media.close();
    expect(reports).toMatchObject([{ received: 2 }]);
  });
});
