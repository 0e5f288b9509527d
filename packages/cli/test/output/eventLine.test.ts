import { describe, expect, test, vi } from 'vitest';
import type { DaemonEvent } from '../../src/control/daemonEvents.js';

// Colors depend on where the tests run.
vi.mock('../../src/output/color.js', async () => {
  const { default: picocolors } = await import('picocolors');
  return { colors: picocolors.createColors(false) };
});

const { eventLine } = await import('../../src/output/eventLine.js');

const PATH = {
  event: 'path',
  remote: 'fc64::2',
  direction: 'outbound',
  path: 'direct',
  previous: 'relayed',
  endpoint: '203.0.113.6:40002',
  confirmedBy: 'neighbor-advertisement',
  roundTripMs: 12.345,
};

describe('the line of an event', () => {
  test.each<[Omit<DaemonEvent, 'time'>, string]>([
    [
      PATH,
      'path                fc64::2 direct 203.0.113.6:40002 12.3 ms, neighbor-advertisement, was relayed',
    ],
    [
      {
        ...PATH,
        ...{ direction: 'inbound', path: 'relayed', previous: null },
        ...{ endpoint: null, confirmedBy: null, roundTripMs: null },
      },
      'path                fc64::2 (inbound) relayed',
    ],
    [
      { event: 'address', address: 'fc64::1', router: '192.0.2.1:25790', previous: null },
      'address             fc64::1 by 192.0.2.1:25790',
    ],
    [
      { event: 'address', address: 'fc64::1', router: '192.0.2.1:25790', previous: 'fc64::9' },
      'address             fc64::1 by 192.0.2.1:25790, was fc64::9',
    ],
    [
      { event: 'router-unreachable', router: '192.0.2.1:25790', attempts: 5 },
      'router-unreachable  192.0.2.1:25790, solicited 5 times',
    ],
    [
      {
        ...{ event: 'router-lookup', name: 'r.example', addresses: ['192.0.2.1', '192.0.2.2'] },
        ...{ router: '192.0.2.1:25790', error: null },
      },
      'router-lookup       r.example is 192.0.2.1, 192.0.2.2, using 192.0.2.1:25790',
    ],
    [
      {
        event: 'router-lookup',
        name: 'r.example',
        addresses: [],
        router: null,
        error: 'ENOTFOUND',
      },
      'router-lookup       r.example is not found (ENOTFOUND)',
    ],
    [
      { event: 'port-refused', router: '192.0.2.1:25790', public: '198.51.100.2:1', movedTo: 4000 },
      'port-refused        192.0.2.1:25790 sees 198.51.100.2:1, moved to port 4000',
    ],
    [
      { event: 'interface', tun: '6bed4', missing: [], disputed: [], restorations: 1 },
      'interface           6bed4 complete',
    ],
    [
      {
        event: 'interface',
        tun: '6bed4',
        missing: [{ part: 'address fc64::1', reason: 'no IPv6' }],
        disputed: ['mtu'],
        restorations: 1,
      },
      'interface           6bed4 without address fc64::1 (no IPv6), disputed mtu',
    ],
    [{ event: 'warning', code: 'EPERM', message: 'no' }, 'warning             no'],
    [{ event: 'events-lost', count: 7 }, 'events-lost         7 were not read in time'],
    [
      { event: 'watching', pid: 7, version: '1.2.3' },
      'watching            process 7, version 1.2.3',
    ],
    [{ event: 'closed' }, 'closed'],
    // Of a version that tells more.
    [{ event: 'novelty', of: 1 }, 'novelty'],
  ])('tells of %j', (event, text) => {
    const line = eventLine({ ...event, time: '2026-11-26T10:11:12.345Z' } as DaemonEvent);
    expect(line).toMatch(/^[0-9]{2}:11:12\.345 {2}/);
    expect(line.slice(14)).toBe(text);
  });
});
