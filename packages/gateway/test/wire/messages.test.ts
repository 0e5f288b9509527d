import { UdpEndpoint } from '@6bed4/codec';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import {
  closeCodes,
  datagramMessage,
  formatHello,
  type Hello,
  isFinal,
  isToken,
  MESSAGE_HEADER,
  offeredSubprotocols,
  parseHello,
  readMessageEndpoint,
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

describe('messages', () => {
  test('of datagrams are address, port and payload', () => {
    const bytes = Uint8Array.of(9, 1, 2, 3, 9);
    const message = datagramMessage(bytes, 1, 3, new UdpEndpoint(0xc0000201, 25_790));
    expect([...message]).toEqual([192, 0, 2, 1, 0x64, 0xbe, 1, 2, 3]);
  });

  property.prop([fc.integer({ min: 0, max: 0xffff_ffff }), fc.integer({ min: 0, max: 65_535 })])(
    'of datagrams are read as they were made',
    (address, port) => {
      const message = datagramMessage(new Uint8Array(2), 0, 2, new UdpEndpoint(address, port));
      expect(message).toHaveLength(MESSAGE_HEADER + 2);
      const found = new UdpEndpoint();
      readMessageEndpoint(message, found);
      expect([found.address, found.port]).toEqual([address, port]);
    },
  );

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
