import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Credentials } from '../../src/proxy/credentials.js';
import { type HandshakeState, SocksHandshake } from '../../src/proxy/socksHandshake.js';

const GREETING = [5, 1, 0];
const LOGIN_GREETING = [5, 2, 0, 2];
const USERS = new Credentials('alice:secret', 'test');
const LOGIN = [1, 5, ...Buffer.from('alice'), 6, ...Buffer.from('secret')];
const TO_IPV6 = [4, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 80];
const TO_NAME = [3, 7, ...Buffer.from('example'), 1, 187];
const CONNECT = [5, 1, 0, ...TO_IPV6];

/** Sends bytes in pieces; the last state and all answers. */
function run(
  bytes: readonly number[],
  credentials: Credentials | null = null,
  pieces: readonly number[] = [bytes.length],
): { state: HandshakeState; sent: number[] } {
  const sent: number[] = [];
  const handshake = new SocksHandshake(credentials, (answer) => sent.push(...answer));
  let state: HandshakeState = { kind: 'unfinished' };
  let offset = 0;
  for (const size of pieces) {
    if (state.kind !== 'unfinished') break;
    state = handshake.push(Buffer.from(bytes.slice(offset, offset + size)));
    offset += size;
  }
  return { state, sent };
}

describe('a SOCKS handshake', () => {
  test('takes a request without authentication (RFC 1928 §3, §4)', () => {
    const { state, sent } = run([...GREETING, ...CONNECT]);
    expect(sent).toEqual([5, 0]);
    expect(state).toEqual({
      kind: 'request',
      request: { command: 'connect', host: '2001:db8::1', port: 80 },
      rest: Buffer.alloc(0),
    });
  });

  test('takes names, IPv4 addresses and UDP ASSOCIATE', () => {
    const name = run([...GREETING, 5, 1, 0, ...TO_NAME]).state;
    expect(name).toMatchObject({ request: { command: 'connect', host: 'example', port: 443 } });
    const udp = run([...GREETING, 5, 3, 0, 1, 0, 0, 0, 0, 0, 0]).state;
    expect(udp).toMatchObject({ request: { command: 'udp-associate', host: '0.0.0.0', port: 0 } });
  });

  test('gives back what came behind the request', () => {
    const { state } = run([...GREETING, ...CONNECT, 9, 8, 7]);
    expect(state).toMatchObject({ kind: 'request', rest: Buffer.of(9, 8, 7) });
  });

  test('is the same wherever the bytes are split', () => {
    const bytes = [...LOGIN_GREETING, ...LOGIN, 5, 1, 0, ...TO_NAME];
    const whole = run(bytes, USERS);
    expect(whole.state.kind).toBe('request');
    for (let at = 1; at < bytes.length; at++) {
      expect(run(bytes, USERS, [at, bytes.length - at])).toEqual(whole);
    }
    expect(run(bytes, USERS, Array<number>(bytes.length).fill(1))).toEqual(whole);
  });

  test('admits users by name and password (RFC 1929)', () => {
    const { state, sent } = run([...LOGIN_GREETING, ...LOGIN, ...CONNECT], USERS);
    expect(sent).toEqual([5, 2, 1, 0]);
    expect(state.kind).toBe('request');
  });

  test('refuses a wrong password, and closes', () => {
    const wrong = [...LOGIN.slice(0, -1), 0x78];
    const { state, sent } = run([...LOGIN_GREETING, ...wrong, ...CONNECT], USERS);
    expect(sent).toEqual([5, 2, 1, 1]);
    expect(state).toEqual({ kind: 'refused', why: 'authentication' });
  });

  test('says that no method is acceptable to a client without the one that is needed', () => {
    expect(run([...GREETING, ...CONNECT], USERS)).toEqual({
      state: { kind: 'refused', why: 'authentication' },
      sent: [5, 0xff],
    });
    expect(run([5, 1, 1]).sent).toEqual([5, 0xff]);
    expect(run([5, 0]).sent).toEqual([5, 0xff]);
  });

  test('answers BIND and types of addresses that it does not have (RFC 1928 §6)', () => {
    const bind = run([...GREETING, 5, 2, 0, ...TO_IPV6]);
    expect(bind.sent).toEqual([5, 0, 5, 7, 0, 1, 0, 0, 0, 0, 0, 0]);
    expect(bind.state).toEqual({ kind: 'refused', why: 'unsupported' });
    expect(run([...GREETING, 5, 1, 0, 2, 1, 1]).sent).toEqual([5, 0, 5, 8, 0, 1, 0, 0, 0, 0, 0, 0]);
  });

  test('says nothing to other protocols', () => {
    for (const text of ['GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01', '\x04\x01\x00\x50']) {
      expect(run([...Buffer.from(text, 'latin1')])).toEqual({
        state: { kind: 'refused', why: 'no-socks' },
        sent: [],
      });
    }
    expect(run([...GREETING, 4, 1]).state).toEqual({ kind: 'refused', why: 'no-socks' });
    expect(run([...LOGIN_GREETING, 5, 1], USERS).state).toEqual({
      kind: 'refused',
      why: 'no-socks',
    });
  });

  test('neither throws nor waits for more than 513 bytes, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.boolean(), (noise, asksUsers) => {
        const credentials = asksUsers ? USERS : null;
        const start = asksUsers ? LOGIN_GREETING : GREETING;
        for (const bytes of [[...noise], [...start, ...noise], [...start, ...LOGIN, ...noise]]) {
          const { state } = run(bytes, credentials);
          if (bytes.length - start.length - LOGIN.length > 513) {
            expect(state.kind).not.toBe('unfinished');
          }
        }
      }),
    );
  });
});
