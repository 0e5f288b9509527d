import { parseIPv6 } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { TcpUsageError } from '../src/index.js';
import { plain } from './support/connections.js';
import { runScript, ScriptedStack, THEM, US } from './support/script.js';

const other = (port: number): { address: Uint8Array; port: number } => ({
  address: parseIPv6('fc64::7'),
  port,
});

function codeOf(run: () => unknown): string | null {
  try {
    run();
  } catch (error) {
    if (error instanceof TcpUsageError) return error.code;
    throw error;
  }
  return null;
}

describe('listen', () => {
  test('refuses a port in use, for an address or for all', () => {
    const { stack } = new ScriptedStack();
    const [one, two] = [parseIPv6('fc64::1'), parseIPv6('fc64::3')];
    stack.listen(one, 80);
    stack.listen(two, 80);
    expect(codeOf(() => stack.listen(one, 80))).toBe('EADDRINUSE');
    expect(codeOf(() => stack.listen(null, 80))).toBe('EADDRINUSE');
    stack.listen(null, 81);
    expect(codeOf(() => stack.listen(one, 81))).toBe('EADDRINUSE');
  });

  test('lets a port be used again after unlisten', () => {
    const { stack } = new ScriptedStack();
    const first = stack.listen(null, 80);
    stack.unlisten(first, 0);
    expect(stack.listen(null, 80).port).toBe(80);
  });

  test('finds dynamic ports, which differ, until none is left', () => {
    const { stack } = new ScriptedStack();
    const ports = new Set<number>();
    for (let count = 0; count < 16_384; count++) ports.add(stack.listen(null, 0).port);
    expect(ports.size).toBe(16_384);
    expect(Math.min(...ports)).toBe(49_152);
    expect(codeOf(() => stack.listen(null, 0))).toBe('EADDRNOTAVAIL');
  });

  test('gives a SYN to the listener of its very address', () => {
    const scripted = new ScriptedStack(plain);
    scripted.stack.listen(null, 80);
    const exact = scripted.stack.listen(parseIPv6('fc64::3'), 81);
    scripted.inject('S 0', THEM, { address: parseIPv6('fc64::3'), port: 81 });
    expect(exact.halfOpen).toBe(1);
    scripted.inject('S 0', THEM, { address: parseIPv6('fc64::4'), port: 81 });
    expect(scripted.log.map((entry) => 'fields' in entry && entry.fields.flags)).toEqual([
      'SA',
      'RA',
    ]);
  });

  test('resets those that were not taken when it ends', () => {
    const scripted = new ScriptedStack(plain);
    const listener = scripted.stack.listen(null, 80);
    scripted.inject('S 0', other(1));
    scripted.stack.unlisten(listener, scripted.now);
    expect(scripted.log.map((entry) => 'fields' in entry && entry.fields.flags)).toEqual([
      'SA',
      'RA',
    ]);
    expect(scripted.stack.connectionCount).toBe(0);
    scripted.inject('S 0', other(1));
    expect(scripted.log.length).toBe(3);
  });
});

describe('addresses of this side', () => {
  const isLocal = (bytes: Uint8Array, offset: number): boolean => bytes[offset + 15] === 1;

  test('are the only ones that can be listened at, and connected from', () => {
    const { stack } = new ScriptedStack({ isLocal });
    const foreign = parseIPv6('fc64::2');
    expect(codeOf(() => stack.listen(foreign, 80))).toBe('EADDRNOTAVAIL');
    expect(codeOf(() => stack.connect({ address: foreign, port: 0 }, US, 0))).toBe('EADDRNOTAVAIL');
    expect(codeOf(() => stack.listen(US.address, 80))).toBe(null);
  });

  test('are the only ones that answer', () => {
    const scripted = new ScriptedStack({ ...plain, isLocal });
    scripted.inject('S 0', US, other(80));
    expect(scripted.log).toEqual([]);
    expect(scripted.stack.counters.notOurs).toBe(1);
  });
});

describe('connect', () => {
  test('refuses what cannot be', () => {
    const { stack } = new ScriptedStack({ maximumConnections: 2 });
    const from = (port: number): { address: Uint8Array; port: number } => ({ ...US, port });
    const to = (text: string, port = 80): { address: Uint8Array; port: number } => ({
      address: parseIPv6(text),
      port,
    });
    expect(codeOf(() => stack.connect(from(0), to('ff02::1'), 0))).toBe('ENETUNREACH');
    expect(codeOf(() => stack.connect(from(0), to('::'), 0))).toBe('ENETUNREACH');
    expect(codeOf(() => stack.connect(from(0), to('fc64::2', 0), 0))).toBe('EADDRNOTAVAIL');
    expect(codeOf(() => stack.connect(from(80), to('fc64::1'), 0))).toBe('EADDRINUSE');
    stack.connect(from(500), to('fc64::2'), 0);
    expect(codeOf(() => stack.connect(from(500), to('fc64::2'), 0))).toBe('EADDRINUSE');
    stack.connect(from(500), to('fc64::2', 81), 0);
    expect(codeOf(() => stack.connect(from(0), to('fc64::2'), 0))).toBe('ENOBUFS');
    stack.listen(null, 600);
    expect(codeOf(() => stack.connect(from(600), to('fc64::2'), 0))).toBe('EADDRINUSE');
  });

  test('finds ports that nobody can predict (RFC 6056 §3.3.4), all of them in turn', () => {
    const { stack } = new ScriptedStack({ maximumConnections: 20_000 });
    const ports = new Set<number>();
    for (let count = 0; count < 16_384; count++) {
      ports.add(stack.connect({ ...US, port: 0 }, THEM, 0).local.port);
    }
    expect(ports.size).toBe(16_384);
    expect(codeOf(() => stack.connect({ ...US, port: 0 }, THEM, 0))).toBe('EADDRNOTAVAIL');
    const [first] = ports;
    const { stack: second } = new ScriptedStack({ random: () => 0.123 });
    expect(second.connect({ ...US, port: 0 }, THEM, 0).local.port).not.toBe(first);
  });
});

describe('a full backlog', () => {
  test('ignores SYNs and ends of handshakes until connections are taken', () => {
    const scripted = new ScriptedStack(plain);
    const { stack } = scripted;
    const listener = stack.listen(null, 80, 1);
    scripted.acceptsAtOnce = false;
    runScript('0 < S 0\n0 > SA 0 ack 1', {}, scripted);
    const { ours } = scripted.bases;
    scripted.inject('S 0', other(1));
    scripted.inject('A 1 ack 1', other(1));
    expect(listener.isFull).toBe(true);
    scripted.bases.ours = ours;
    scripted.log.length = 0;
    runScript(
      `
      10   < A 1 ack 1
      20   < PA 1:11 ack 1
      1000 > SA 0 ack 1
      1001 < A 11 ack 1
      1001 = none
      1002 accept
      3000 > SA 0 ack 1
      3001 < PA 1:11 ack 1
      3001 > A 1 ack 11
      3001 accept
      3001 = ESTABLISHED
    `,
      {},
      scripted,
    );
    expect(stack.counters.overflows).toBe(3);
  });

  test('ignores SYNs while those that are open are not taken', () => {
    const scripted = new ScriptedStack(plain);
    scripted.acceptsAtOnce = false;
    scripted.command('listen 1');
    scripted.inject('S 0', other(1));
    scripted.inject('A 1 ack 1', other(1));
    scripted.log.length = 0;
    runScript('1 < S 0\n2 accept\n1001 < S 0\n1001 > SA 0 ack 1', {}, scripted);
    expect(scripted.stack.counters.overflows).toBe(1);
  });
});
