import { describe, expect, test } from 'vitest';
import { lineFor } from '../../src/output/log.js';

const plain = (text: string): string => text.replace(new RegExp(`${'\u001b'}\\[\\d+m`, 'g'), '');

describe('a log line as text', () => {
  test.each([
    [
      { level: 30, msg: 'ready', router: 'fc64::1', tun: '6bed4', routes: ['a::/16', 'b::/16'] },
      'INFO',
      'ready  router fc64::1  tun 6bed4  routes a::/16 b::/16',
    ],
    [{ msg: 'ready', tun: null, routes: [], public: undefined }, 'INFO', 'ready'],
    [
      { msg: 'no answer from router 192.0.2.1:25790', router: '192.0.2.1:25790', attempts: 4 },
      'INFO',
      'no answer from router 192.0.2.1:25790  attempts 4',
    ],
    [{ msg: 'adding a route failed' }, 'WARN', 'warning: adding a route failed'],
    [{ msg: 'counters', drops: { loop: 1 } }, 'DEBUG', 'counters  drops {"loop":1}'],
  ])('of %j at level %s', (log, level, line) => {
    expect(plain(lineFor(log, level))).toBe(line);
  });
});
