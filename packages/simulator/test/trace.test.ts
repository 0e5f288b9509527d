import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { arrows, describeDatagram, Internet, natTypes, showTraceOnFailure } from '../src/index.js';

/** Two peers get addresses, and one pings the other. */
function conversation(): Internet {
  const net = new Internet({ seed: 1, trace: true });
  const peering = { strategy: 'via-router' } as const;
  const keepalive = { interval: 30, ttl: 3 };
  const a = net.peer('a', {
    peering,
    keepalive,
    behind: net.nat('natA', { external: '192.0.2.10', ...natTypes.portRestrictedCone }),
    routers: ['198.51.100.1'],
  });
  net.router('r', { address: '198.51.100.1' });
  const b = net.peer('b', {
    peering,
    keepalive,
    behind: net.nat('natB', { external: '192.0.2.20' }),
  });
  const unknown = net.host('stranger', { address: '203.0.113.5' }).bind(9);
  net.run(1000);
  a.ping(b.address!);
  net.run(100);
  unknown.send(`192.0.2.20:${b.port}`);
  net.run(40_000);
  return net;
}

describe('ladder', () => {
  test('shows sender, receiver, content, delay and losses of each datagram', () => {
    expect(`\n${conversation().ladder()}\n`).toMatchInlineSnapshot(`
      "
                ms  a           r           natB        b           stranger    core
             0.000  |---------->|           |           |           |           |           RS (15.0 ms)
             0.000  |           |<----------------------|           |           |           RS (15.0 ms)
            15.000  |<----------|           |           |           |           |           RA (15.0 ms)
            15.000  |           |---------------------->|           |           |           RA (15.0 ms)
          1000.000  |---------->|           |           |           |           |           echo request a → b (15.0 ms)
          1015.000  |           |---------------------->|           |           |           echo request a → b (15.0 ms)
          1030.000  |           |<----------------------|           |           |           echo reply b → a (15.0 ms)
          1045.000  |<----------|           |           |           |           |           echo reply b → a (15.0 ms)
          1100.000  |           |           |x----------------------|           |           probe (lost: filter at natB)
         31000.000  |----------------------------------------------------------x|           keepalive (lost: ttl at core)
         31030.000  |           |           |           |----------------------x|           keepalive (lost: ttl at core)
      "
    `);
  });

  test('shows only the chosen nodes, times and newest lines', () => {
    const net = conversation();
    const lines = net.ladder({ nodes: ['a', 'r'], from: 900, until: 30_000 }).split('\n');
    expect(lines).toHaveLength(3);
    expect(net.ladder({ lines: 2 }).split('\n')).toHaveLength(3);
  });

  test('has the same datagrams as the sequence diagram', () => {
    expect(`\n${conversation().mermaid({ from: 900, until: 30_000 })}\n`).toMatchInlineSnapshot(`
      "
      sequenceDiagram
        participant n0 as a
        participant n1 as r
        participant n2 as natB
        participant n3 as b
        participant n4 as stranger
        n0->>n1: 1000.0 ms: echo request a → b
        n1->>n3: 1015.0 ms: echo request a → b
        n3->>n1: 1030.0 ms: echo reply b → a
        n1->>n0: 1045.0 ms: echo reply b → a
        n4-xn2: 1100.0 ms: probe, lost: filter
      "
    `);
  });
});

test('a duplicated datagram has an arrow for each end', () => {
  const net = new Internet({ trace: true });
  const to = net.host('to', { link: { duplication: 1 } }).bind(2);
  net.host('from').bind(1).send(to.endpoint, Uint8Array.of(1));
  net.run(100);
  expect(arrows(net.trace!).map(({ endedAt, lost }) => [endedAt, lost])).toEqual([
    [10, null],
    [10, null],
  ]);
});

test.each([
  [[], 3, 'keepalive'],
  [[], 64, 'probe'],
  [[0xfd, 1, 2], 64, 'RoHC'],
  [[1, 2, 3], 64, '3 bytes'],
] as const)('a datagram of %j with TTL %i is described as %s', (payload, ttl, text) => {
  expect(describeDatagram(Uint8Array.from(payload), ttl, new Map())).toBe(text);
});

describe('withTrace', () => {
  test('returns the result of the function', () => {
    expect(showTraceOnFailure(new Internet(), (net) => net.seed)).toBe(1);
  });

  test('adds seed and ladder to a failure, and keeps its cause', () => {
    const failure = new Error('expected otherwise');
    const run = (): never =>
      showTraceOnFailure(new Internet({ seed: 77, trace: true }), (net) => {
        net.router('r');
        net.peer('a');
        net.run(1000);
        throw failure;
      });
    expect(run).toThrow(/expected otherwise\n\nseed 77, 1000 ms\n.*\n.*RS/);
    expect(run).toThrow(expect.objectContaining({ cause: failure }));
  });
});

test('an Internet without a trace has no ladder', () => {
  expect(() => new Internet().ladder()).toThrow('trace: true');
});

const tshark = spawnSync('tshark', ['--version']);
const missing = tshark.status === 0 ? '' : ' (skipped: needs tshark)';

describe.skipIf(missing !== '')(`pcap, read by tshark${missing}`, () => {
  const read = (bytes: Uint8Array, fields: readonly string[]): string[] => {
    const folder = mkdtempSync(join(tmpdir(), 'simulator-'));
    try {
      const file = join(folder, 'trace.pcap');
      writeFileSync(file, bytes);
      const options = ['-o', 'ip.check_checksum:TRUE', '-o', 'udp.check_checksum:TRUE'];
      const wanted = fields.flatMap((field) => ['-e', field]);
      const command = ['-r', file, '-T', 'fields', '-E', 'separator=,', ...options, ...wanted];
      const { stdout, stderr, status } = spawnSync('tshark', command, { encoding: 'utf8' });
      expect(status, stderr).toBe(0);
      return stdout.trimEnd().split('\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  test('has correct checksums everywhere', () => {
    const lines = read(conversation().toPcap(), ['ip.checksum.status', 'udp.checksum.status']);
    expect(lines.length).toBeGreaterThan(6);
    expect(new Set(lines)).toEqual(new Set(['1,1']));
  });

  test('shows external endpoints in the core, with time and TTL', () => {
    const net = conversation();
    const [first] = read(net.toPcap(), [
      ...['frame.time_relative', 'ip.src', 'ip.dst', 'ip.ttl', 'udp.dstport', 'udp.length'],
    ]);
    expect(first).toBe('0.000000000,192.0.2.10,198.51.100.1,55,25790,264');
  });

  test('shows internal endpoints at a host', () => {
    const net = conversation();
    const sources = read(net.toPcap('a'), ['ip.src']);
    expect(new Set(sources)).toEqual(new Set(['10.0.0.2', '198.51.100.1']));
  });

  test('shows translated datagrams at a NAT', () => {
    const net = conversation();
    const pairs = read(net.toPcap('natA'), ['ip.src', 'ip.dst']);
    expect(pairs).toContain('192.0.2.10,198.51.100.1');
    expect(pairs).toContain('198.51.100.1,10.0.0.2');
  });
});
