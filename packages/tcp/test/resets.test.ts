import { parseIPv6 } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { plain } from './support/connections.js';
import { runScript, ScriptedStack, THEM, US } from './support/script.js';

describe('a segment of no connection', () => {
  test('is reset, by what it acknowledges or else by its end (RFC 9293 §3.10.7.1)', () => {
    runScript(
      `
      0  < S 0
      0  > RA 0 ack 1
      0  < PA 5:15 ack 70
      0  > R 70
      0  < F 5:15
      0  > RA 0 ack 16
      0  < - 5
      0  > RA 0 ack 5
      0  < SA 5 ack 70
      0  > R 70
    `,
      plain,
    );
  });

  test('is reset at a listening port, too, unless it is a SYN (RFC 9293 §3.10.7.2)', () => {
    const { stack } = runScript(
      `
      0  listen
      0  < A 5 ack 70
      0  > R 70
      0  < SA 5 ack 70
      0  > R 70
      0  < F 5
      0  < - 5:10
      0  < R 5
      0  < RA 5 ack 5
      0  < SF 5
    `,
      plain,
    );
    expect(stack.connectionCount).toBe(0);
  });

  test('is never answered when it is a reset itself', () => {
    runScript('0 < R 0\n0 < RA 5 ack 6\n0 < SR 5', plain);
  });

  test('is answered at a limited rate, and counted', () => {
    const scripted = new ScriptedStack(plain);
    for (let count = 0; count < 10_000; count++) {
      scripted.advance(count);
      scripted.inject('S 0');
    }
    const { resetsSent, resetsWithheld } = scripted.stack.counters;
    expect(resetsSent + resetsWithheld).toBe(10_000);
    expect(scripted.log.length).toBe(resetsSent);
    expect(resetsSent).toBeGreaterThan(400);
    expect(resetsSent).toBeLessThan(1_800);
  });

  test.each([
    ['from a multicast address', parseIPv6('ff02::1'), US.address, THEM.port],
    ['to a multicast address', THEM.address, parseIPv6('ff02::1'), THEM.port],
    ['from the unspecified address', parseIPv6('::'), US.address, THEM.port],
    ['to the unspecified address', THEM.address, parseIPv6('::'), THEM.port],
    ['from this very address and port', US.address, US.address, US.port],
    ['from port 0', THEM.address, US.address, 0],
  ])('%s is dropped, whatever it is', (_, source, destination, port) => {
    const scripted = new ScriptedStack(plain);
    scripted.command('listen');
    for (const segment of ['S 0', 'A 5 ack 6', 'F 5', 'R 0']) {
      scripted.inject(segment, { address: source, port }, { ...US, address: destination });
    }
    expect(scripted.log).toEqual([]);
    expect(scripted.stack.counters.malformed).toBe(4);
    expect(scripted.stack.connectionCount).toBe(0);
  });

  test('to port 0 is dropped', () => {
    const scripted = new ScriptedStack(plain);
    scripted.inject('S 0', THEM, { ...US, port: 0 });
    expect(scripted.log).toEqual([]);
  });
});
