import { UdpEndpoint } from '@6bed4/codec';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import {
  closeCodes,
  datagramMessage,
  formatHello,
  type Hello,
  isDatagramMessage,
  isFinal,
  isToken,
  LONGEST_MESSAGE,
  LONGEST_PAYLOAD,
  MESSAGE_HEADER,
  MessageBatch,
  offeredSubprotocols,
  parseHello,
  readDatagrams,
  readReceipt,
  readSubprotocols,
  receiptMessage,
  SUBPROTOCOL,
} from '../../src/index.js';

const HELLO: Hello = {
  endpoint: { address: '192.0.2.1', port: 40_000 },
  routers: [{ address: '192.0.2.1', port: 25_790 }],
  keepalive: 20,
  resume: 'name_of-endpoint',
  resumeFor: 60,
  resumed: false,
  lost: 0,
};

interface Datagram {
  readonly address: number;
  readonly port: number;
  readonly payload: number[];
}

function messageOf({ address, port, payload }: Datagram): Uint8Array {
  const bytes = Uint8Array.from(payload);
  return datagramMessage(bytes, 0, bytes.length, new UdpEndpoint(address, port));
}

function addTo(batch: MessageBatch, { address, port, payload }: Datagram): void {
  batch.add(Uint8Array.from(payload), 0, payload.length, new UdpEndpoint(address, port));
}

/** The datagrams of a message, at most so many. */
function datagramsIn(message: Uint8Array, most = Number.POSITIVE_INFINITY): Datagram[] {
  const found: Datagram[] = [];
  const other = new UdpEndpoint();
  readDatagrams(message, other, (offset, length) => {
    const payload = [...message.subarray(offset, offset + length)];
    found.push({ address: other.address, port: other.port, payload });
    return found.length < most;
  });
  return found;
}

const anyDatagram = fc.record({
  address: fc.integer({ min: 0, max: 0xffff_ffff }),
  port: fc.integer({ min: 0, max: 65_535 }),
  payload: fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 40 }),
});

describe('messages', () => {
  test('of a datagram are length, address, port and payload', () => {
    const bytes = Uint8Array.of(9, 1, 2, 3, 9);
    const message = datagramMessage(bytes, 1, 3, new UdpEndpoint(0xc0000201, 25_790));
    expect([...message]).toEqual([0, 3, 192, 0, 2, 1, 0x64, 0xbe, 1, 2, 3]);
  });

  property.prop([fc.array(anyDatagram, { minLength: 1, maxLength: 20 })])(
    'of datagrams are read as they were made',
    (datagrams) => {
      const batch = new MessageBatch();
      for (const datagram of datagrams) addTo(batch, datagram);
      const message = batch.take()!;
      expect(batch.take()).toBeNull();
      expect(isDatagramMessage(message)).toBe(true);
      expect(datagramsIn(message)).toEqual(datagrams);
      expect(datagramsIn(message, 1)).toEqual(datagrams.slice(0, 1));
    },
  );

  test('are as long as allowed, and no longer', () => {
    const batch = new MessageBatch();
    const one = { address: 1, port: 2, payload: Array(1000).fill(3) };
    const messages: Uint8Array[] = [];
    for (let count = 0; count < 100; count++) {
      if (!batch.hasRoomFor(1000)) messages.push(batch.take()!);
      addTo(batch, one);
    }
    messages.push(batch.take()!);
    const fitting = Math.floor(LONGEST_MESSAGE / messageOf(one).length);
    expect(messages.map((message) => datagramsIn(message).length)).toEqual([
      ...Array(Math.floor(100 / fitting)).fill(fitting),
      100 % fitting,
    ]);
    expect(messages.every(isDatagramMessage)).toBe(true);
  });

  test('of a batch are kept when they are taken, and not when they are sent by its function', () => {
    const batch = new MessageBatch();
    const datagrams = [1, 2].map((port) => ({ address: 9, port, payload: [port] }));
    const sent: Datagram[][] = [];
    const flush = (): void => batch.flush((message) => sent.push(datagramsIn(message)));
    flush();
    for (const datagram of datagrams) {
      addTo(batch, datagram);
      flush();
    }
    expect(sent).toEqual(datagrams.map((one) => [one]));
    const taken = datagrams.map((datagram) => {
      addTo(batch, datagram);
      return batch.take()!;
    });
    expect(taken.flatMap((message) => datagramsIn(message))).toEqual(datagrams);
  });

  const payload = (length: number): number[] => Array(length).fill(7);
  const longest = messageOf({ address: 1, port: 2, payload: payload(LONGEST_PAYLOAD) });
  test.each<[string, Uint8Array, boolean]>([
    ['nothing', new Uint8Array(), false],
    ['half a header', new Uint8Array(MESSAGE_HEADER - 1), false],
    ['an empty datagram', new Uint8Array(MESSAGE_HEADER), true],
    ['less than it says', longest.subarray(0, longest.length - 1), false],
    ['more than it says', Uint8Array.of(...longest, 0), false],
    ['the longest datagram', longest, true],
    ['a longer one', messageOf({ address: 1, port: 2, payload: payload(2049) }), false],
    ['one that ends the message and half a header', new Uint8Array(MESSAGE_HEADER + 4), false],
    ['too many', new Uint8Array(LONGEST_MESSAGE + MESSAGE_HEADER), false],
    ['as many as fit', new Uint8Array(LONGEST_MESSAGE), true],
  ])('%s: %#', (_, message, isOne) => {
    expect(isDatagramMessage(message)).toBe(isOne);
  });

  property.prop([fc.uint8Array({ maxLength: 64 })])('of any bytes never lead outside', (bytes) => {
    if (!isDatagramMessage(bytes)) return;
    const all = datagramsIn(bytes);
    const length = all.reduce((sum, one) => sum + MESSAGE_HEADER + one.payload.length, 0);
    expect(length).toBe(bytes.length);
  });

  test('of receipts are four bytes, and no datagram is', () => {
    expect([...receiptMessage(0x1_0203_0405)]).toEqual([2, 3, 4, 5]);
    expect(readReceipt(receiptMessage(4_000_000_000))).toBe(4_000_000_000);
  });
});

describe('a hello', () => {
  test('is read as it was made', () => {
    expect(parseHello(formatHello(HELLO))).toEqual(HELLO);
  });

  test('may have fields of later versions', () => {
    expect(parseHello(formatHello({ ...HELLO, colour: 'blue' } as Hello))).toEqual(HELLO);
  });

  test.each<[string, object]>([
    ['an endpoint that is none', { endpoint: '192.0.2.256:1' }],
    ['no router', { routers: [] }],
    ['a router that is none', { routers: ['192.0.2.1:99999'] }],
    ['too many routers', { routers: Array.from({ length: 17 }, () => '192.0.2.1:1') }],
    ['keepalives without pause', { keepalive: 0 }],
    ['fractions', { keepalive: 1.5 }],
    ['text for a number', { resumeFor: '60' }],
    ['a name that is no token', { resume: 'a,b' }],
    ['a word for a truth', { resumed: 'yes' }],
    ['less than nothing', { lost: -1 }],
  ])('has not %s', (_, change) => {
    const text = JSON.stringify({ ...JSON.parse(formatHello(HELLO)), ...change });
    expect(parseHello(text)).toBeNull();
  });

  test.each(['', '{', 'null', '[]', '1', 'x'.repeat(3000)])('is not %j', (text) => {
    expect(parseHello(text)).toBeNull();
  });

  property.prop([fc.string({ unit: 'binary' })])('is nothing that throws', (text) => {
    expect(parseHello(text)).toBeNull();
  });
});

describe('subprotocols', () => {
  test.each([
    [null, null],
    ['secret', null],
    [null, 'name'],
    ['secret', 'name'],
  ])('carry the token %s and the name %s', (token, resume) => {
    expect(readSubprotocols(offeredSubprotocols({ token, resume }))).toEqual({ token, resume });
  });

  test('are refused where ours is not among them', () => {
    expect(readSubprotocols([])).toBeNull();
    expect(readSubprotocols(['6bed4.v2', '6bed4.token.x'])).toBeNull();
  });

  test('carry words alone', () => {
    expect(readSubprotocols([SUBPROTOCOL, '6bed4.token.', '6bed4.resume.a b'])).toEqual({
      token: null,
      resume: null,
    });
    expect(isToken('a'.repeat(256))).toBe(true);
    expect(isToken('a'.repeat(257))).toBe(false);
  });
});

test('only one close code asks to stay away', () => {
  const final = Object.entries(closeCodes).filter(([, code]) => isFinal(code));
  expect(final).toEqual([['unauthorized', 4401]]);
});
