import { parseIPv6 } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import type { TcpStackOptions } from '../src/index.js';
import { plain } from './support/connections.js';
import { runScript, ScriptedStack, THEM } from './support/script.js';

/** A stack the backlog of which is full, so that the next SYN is answered with a cookie. */
function flooded(options: Partial<TcpStackOptions> = {}): ScriptedStack {
  const scripted = new ScriptedStack({ ...options, connectTimeout: 1_000_000 });
  scripted.command('listen 1');
  scripted.inject('S 0', { address: parseIPv6('fc64::7'), port: 1 });
  scripted.log.length = 0;
  return scripted;
}

describe('SYN cookies (RFC 4987 §3.6)', () => {
  test('keep nothing of a flood', () => {
    const scripted = flooded(plain);
    const { memoryUsed } = scripted.stack;
    for (let port = 1; port <= 10_000; port++) scripted.inject('S 0', { ...THEM, port });
    expect(scripted.stack.connectionCount).toBe(1);
    expect(scripted.stack.memoryUsed).toBe(memoryUsed);
    expect(scripted.stack.counters.cookiesSent).toBe(10_000);
    expect(scripted.log.length).toBe(10_000);
  });

  test('open a connection when they are acknowledged, with data if there is some', () => {
    const scripted = runScript(
      `
      0    < S 0 <mss 1220, scale 3, sack>
      0    > SA 0 ack 1 win 65535 <mss 1220>
      10   < PA 1:11 ack 1
      10   > A 1 ack 11 win 65525
      10   = ESTABLISHED
      10   read 10
      10   write 2000
      10   > A 1:1221 ack 11
    `,
      {},
      flooded(),
    );
    expect(scripted.stack.counters.cookiesAccepted).toBe(1);
  });

  test.each([
    [1_220, 1_208],
    [1_219, 524],
    [536, 524],
    [535, 76],
    [88, 76],
    [9_000, 1_208],
  ])('remember the segment size %i as one not larger than it', (size, used) => {
    const scripted = flooded({ ecn: false });
    scripted.inject(`S 0 <mss ${size}, ts 500 0>`);
    scripted.advance(10);
    scripted.inject('A 1 ack 1 <ts 510 0>');
    scripted.log.length = 0;
    scripted.command('write 1208');
    const first = scripted.log[0]!;
    expect('fields' in first && first.fields.length).toBe(used);
  });

  test('remember 1220 where the SYN had no segment size (RFC 9293 §3.7.1)', () => {
    const scripted = flooded({ ecn: false });
    scripted.inject('S 0 <ts 500 0>');
    scripted.advance(10);
    scripted.inject('A 1 ack 1 <ts 510 0>');
    scripted.log.length = 0;
    scripted.command('write 1208');
    const first = scripted.log[0]!;
    expect('fields' in first && first.fields.length).toBe(1_208);
  });

  test('remember scale and SACK in the timestamp, which is never later than the clock', () => {
    const scripted = flooded({ ecn: false });
    scripted.inject('S 0 <mss 1220, sack, ts 500 0, scale 3>');
    const answer = scripted.log[0]!;
    const options = 'fields' in answer ? answer.fields.options! : '';
    expect(options).toMatch(/^mss 1220, sack, ts (-\d+|0) 500, scale 7$/);
    scripted.bases.timestamp += Number(/ts (-?\d+)/.exec(options)![1]);
    scripted.log.length = 0;
    scripted.advance(10);
    scripted.inject('A 1 ack 1 win 1000 <ts 510 0>');
    scripted.inject('PA 11:21 ack 1 win 1000 <ts 510 0>');
    const fields = scripted.log.flatMap((entry) => ('fields' in entry ? [entry.fields] : []));
    expect(fields).toHaveLength(1);
    expect(fields[0]!.win).toBe(2_048);
    expect(fields[0]!.options).toMatch(/^ts \d+ 500, sacked 11-21$|^ts \d+ 510, sacked 11-21$/);
    expect(Number(/ts (-?\d+)/.exec(fields[0]!.options!)![1])).toBeGreaterThanOrEqual(10);
  });

  test('are not believed where there was no flood', () => {
    const scripted = flooded(plain);
    scripted.inject('S 0');
    const { ours } = scripted.bases;
    const other = new ScriptedStack(plain);
    other.command('listen 1');
    other.bases.ours = ours;
    other.inject('A 1 ack 1');
    expect(other.stack.connectionCount).toBe(0);
    expect(other.log.map((entry) => 'fields' in entry && entry.fields.flags)).toEqual(['R']);
  });

  test('are not believed with another number, or from another port', () => {
    const scripted = flooded(plain);
    runScript(
      `
      0  < S 0
      0  > SA 0 ack 1
      1  < A 1 ack 17
      1  > R 17
      1  < A 2 ack 1
      1  > R 1
    `,
      {},
      scripted,
    );
    scripted.inject('A 1 ack 1', { ...THEM, port: 9 });
    expect(scripted.stack.connectionCount).toBe(1);
  });

  test.each([
    [63_000, 1],
    [130_000, 0],
    [260_000, 0],
  ])('%i ms old open %i connections', (age, count) => {
    const scripted = flooded(plain);
    scripted.inject('S 0');
    const { ours } = scripted.bases;
    scripted.advance(age);
    // Others keep the flood going.
    scripted.inject('S 0', { ...THEM, port: 9 });
    scripted.bases.ours = ours;
    scripted.inject('A 1 ack 1');
    expect(scripted.stack.counters.cookiesAccepted).toBe(count);
  });
});
