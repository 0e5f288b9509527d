import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PolledUnderlay } from '../../../src/drivers/udp/polledUnderlay.js';

vi.mock('../../../src/realTimers.js', () => import('../../support/globalTimers.js'));

let underlay: PolledUnderlay;
let asked: number;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  asked = 0;
  underlay = new PolledUnderlay('127.0.0.1', (isLoss) => {
    expect(isLoss).toBe(false);
    asked++;
  });
});
afterEach(() => {
  underlay.close();
  vi.useRealTimers();
});

test('a network that reports nothing is looked at every three seconds, until the end', () => {
  vi.advanceTimersByTime(9_000);
  expect(asked).toBe(3);
  underlay.close();
  vi.advanceTimersByTime(9_000);
  expect(asked).toBe(3);
});

test('the way to a router is the source address that the system chooses', async () => {
  const router = { address: '127.0.0.1', port: 25790 };
  expect([...(await underlay.look([router]))]).toEqual([['127.0.0.1:25790', '127.0.0.1']]);
});

// Other systems notice only when something is sent.
test.runIf(process.platform === 'linux')('there may be no way to a router', async () => {
  const router = { address: '192.0.2.9', port: 4000 };
  expect([...(await underlay.look([router]))]).toEqual([['192.0.2.9:4000', null]]);
});
