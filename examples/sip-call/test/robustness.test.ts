import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createPhone } from '../phone.mjs';

const ALICE = 'fc64:bed::a';
const METHODS = 'INVITE BYE ACK CANCEL OPTIONS REGISTER REFER INFO MESSAGE NOTIFY PRACK UPDATE';

/** A socket that nobody hears. */
class LonelySocket extends EventEmitter {
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

  send(): void {}
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

/** Where something is changed, as a share of the whole; how many bytes go; and what comes instead. */
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
  process.on('unhandledRejection', keep);
});
afterEach(() => {
  process.off('unhandledRejection', keep);
});

it('given requests with faults of any kind, then the phone survives them', async () => {
  const sockets: LonelySocket[] = [];
  const phone = createPhone({
    user: 'bob',
    address: 'fc64:bed::b',
    createSocket: () => {
      const socket = new LonelySocket();
      sockets.push(socket);
      return socket;
    },
    trace: undefined,
    report: () => {},
  });
  await phone.start();
  let serial = 0;
  let passed = 0;
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
        passed++;
      },
    ),
    { numRuns: 2000 },
  );
  await sleep(100);
  expect(passed).toBe(2000);
  expect(faults).toEqual([]);
  // The calls that were taken make sockets of their own.
  expect(sockets.length).toBeGreaterThan(10);
});
