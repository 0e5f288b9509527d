import { describe, expect, test } from 'vitest';
import { requestFor, textOf } from '../httpText.mjs';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('a request names host and path', () => {
  const text = new TextDecoder().decode(requestFor('fc64::1', '/a'));
  expect(text).toBe('GET /a HTTP/1.0\r\nHost: [fc64::1]\r\nConnection: close\r\n\r\n');
});

describe('the text of an answer', () => {
  test('is what follows its head', () => {
    expect(textOf(bytes('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nça va'))).toBe('ça va');
    expect(textOf(bytes('HTTP/1.0 200\r\n\r\n'))).toBe('');
  });

  test.each([
    ['nothing', '', 'none of HTTP'],
    ['something else', 'SSH-2.0-OpenSSH\r\n', 'none of HTTP'],
    ['a head without end', 'HTTP/1.1 200 OK\r\nA: b\r\n', 'none of HTTP'],
    ['a part', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nça va', 'Only 6 of 9 bytes'],
    ['an error', 'HTTP/1.1 404 Not Found\r\n\r\nno', 'The server says 404 Not Found.'],
  ])('is refused of %s', (_, answer, why) => {
    expect(() => textOf(bytes(answer))).toThrow(why);
  });
});
