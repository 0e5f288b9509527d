import { closeCodes } from '@6bed4/gateway';
import { describe, expect, test } from 'vitest';
import { complaintAbout, wordsFor } from '../words.mjs';

const SECURE = 'https://lab.example/lab.html';
const LOCAL = 'http://127.0.0.1:8000/';

describe('a gateway is refused before it is tried', () => {
  test.each([
    ['wss://router.example/6bed4', '', SECURE, null],
    ['ws://127.0.0.1:8964/6bed4', 'secret', SECURE, null],
    ['ws://router.example/6bed4', '', LOCAL, null],
    ['ws://router.example/6bed4', '', SECURE, 'wss:// only'],
    ['https://router.example/', '', LOCAL, 'begins with wss://'],
    ['router.example', '', LOCAL, 'looks like wss://'],
    ['wss://router.example/6bed4', 'two words', LOCAL, 'A token has letters'],
  ])('%s with %j on %s', (gateway, token, page, complaint) => {
    const found = complaintAbout(gateway, token, page);
    if (complaint === null) expect(found).toBeNull();
    else expect(found).toContain(complaint);
  });
});

describe('why there is no connection', () => {
  const failure = { url: 'wss://g/6bed4', code: 1006, reason: '', wasOpen: false, retryIn: 2_000 };
  test.each([
    [
      {},
      'wss://g/6bed4 cannot be reached, or does not allow pages of http://p. Trying again in 2 s.',
    ],
    [{ reason: 'no answer' }, 'cannot be reached (no answer), or'],
    [{ wasOpen: true }, 'The connection to the gateway broke. Trying again'],
    [{ code: closeCodes.unauthorized, retryIn: null }, 'wants a token, or another one than this.'],
    [{ code: closeCodes.goingAway, wasOpen: true }, 'The gateway ends. Trying again'],
    [{ code: closeCodes.tryAgainLater }, 'no place for another client'],
    [{ code: closeCodes.tooMany }, 'too many clients of your IP address'],
  ])('%j', (change, words) => {
    expect(wordsFor({ ...failure, ...change }, 'http://p')).toContain(words);
  });
});
