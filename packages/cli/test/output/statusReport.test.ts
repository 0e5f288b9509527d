import { describe, expect, test, vi } from 'vitest';
import type { PeerStatus, RouterStatus } from '../../src/control/status.js';
import { PEER, REMOTE, ROUTER } from '../support/statuses.js';

// Colors depend on where the tests run.
vi.mock('../../src/output/color.js', async () => {
  const { default: picocolors } = await import('picocolors');
  return { colors: picocolors.createColors(false) };
});

const { reportOf } = await import('../../src/output/statusReport.js');

const linesOf = (status: PeerStatus | RouterStatus): string[] =>
  reportOf('6bed4', status).split('\n');

describe('the status report', () => {
  test('tells where a router is reached if that is not where it listens', () => {
    const isPublic = (status: RouterStatus): string[] => {
      return linesOf(status).filter((text) => text.includes('public'));
    };
    expect(isPublic(ROUTER)).toEqual([]);
    const endpoint = { address: '10.0.0.5', port: 4000 };
    expect(isPublic({ ...ROUTER, endpoint })).toEqual([
      expect.stringContaining('198.51.100.1:25790'),
    ]);
  });

  test('tells what hosts take of the address of a router', () => {
    const rulesOf = (status: RouterStatus): string[] =>
      linesOf(status).filter((text) => text.startsWith('  masquerade'));
    expect(rulesOf(ROUTER)).toEqual([]);
    const masquerade = ['tcp:22=[2001:db8::5]', 'icmp'];
    expect(rulesOf({ ...ROUTER, masquerade })).toEqual([
      '  masquerade  tcp:22=[2001:db8::5], icmp',
    ]);
    const { masquerade: _, ...earlier } = ROUTER;
    expect(rulesOf(earlier as RouterStatus)).toEqual([]);
  });

  test('tells what reaches services of this computer, if there is an interface', () => {
    const inboundOf = (inbound: string | null): string[] =>
      linesOf({ ...ROUTER, inbound }).filter((text) => text.startsWith('  inbound'));
    expect(inboundOf('established,tcp:22')).toEqual(['  inbound     established,tcp:22']);
    expect(inboundOf(null)).toEqual([]);
  });

  test('tells what was found for the names of routers', () => {
    const [name, addresses] = ['r.example', ['192.0.2.1', '192.0.2.2']];
    const router = { address: '192.0.2.1', port: 25_790 };
    const lookups = [
      { name, addresses, router, error: null },
      { name, addresses, router, error: 'EAI_AGAIN' },
      { name, addresses: [], router: null, error: 'ENOTFOUND' },
      { name, addresses: [], router: null, error: null },
    ];
    expect(linesOf({ ...PEER, lookups }).filter((text) => text.startsWith('  name'))).toEqual([
      '  name        r.example is 192.0.2.1, 192.0.2.2',
      '  name        r.example has no address: EAI_AGAIN, it was 192.0.2.1, 192.0.2.2',
      '  name        r.example has no address: ENOTFOUND',
      '  name        r.example is not looked up yet',
    ]);
  });

  test('tells of the interface only what is not as it should be', () => {
    const part = 'address fc64::1';
    const report = { name: '6bed4', missing: [{ part, reason: 'no IPv6' }], disputed: [part] };
    const lines = linesOf({ ...ROUTER, interface: { ...report, restorations: 3 } });
    expect(lines.slice(1, 5)).toEqual([
      '  interface   6bed4',
      '  missing     address fc64::1 (no IPv6)',
      '  disputed    address fc64::1',
      '  restored    3 times',
    ]);
    expect(linesOf({ ...ROUTER, interface: null })).toEqual(linesOf(ROUTER));
  });

  test('begins with the name, role, interface, socket, driver and addresses', () => {
    expect(linesOf(ROUTER).slice(0, 6)).toEqual([
      '6bed4  router, version 1.2.3, process 42, running for 2 h 5 min',
      '  interface   6bed4',
      '  socket      198.51.100.1:25790',
      '  driver      portable',
      '  address     fc64:bed:c633:6401:c433:6401:64be:8000',
      '  prefix      fc64:bed:c633:6401::/64',
    ]);
  });

  test('ends with traffic, drops by reason and errors', () => {
    expect(linesOf(ROUTER).slice(6)).toEqual([
      '  datagrams   received 12,345 (6.00 MB), sent 2 (96 B)',
      '  packets     taken 3 (1.50 kB), delivered 4 (999 B)',
      '  dropped     source-mismatch 2,000, hop-limit-exceeded 1, answers-withheld 1, send-queue 5',
      '  errors      ENETUNREACH 3, ECONNREFUSED 1',
    ]);
  });

  test('contains the capabilities where there are such, and the lines lost, if any', () => {
    expect(linesOf(ROUTER).join()).not.toMatch(/privileges|log {9}/);
    const capabilities = ['net_bind_service', 'net_admin'];
    const lines = linesOf({ ...ROUTER, capabilities, logLinesLost: 1234 });
    expect(lines).toContain('  privileges  net_bind_service, net_admin');
    expect(lines.at(-1)).toBe('  log         1,234 lines lost');
    expect(linesOf({ ...ROUTER, capabilities: [] })).toContain('  privileges  none');
  });

  test('counts changes of paths to inbound remotes', () => {
    const inboundPaths = { direct: 12, lan: 0, relayed: 3000 };
    expect(linesOf({ ...PEER, inboundPaths })).toContain(
      '  inbound     paths changed: direct 12, relayed 3,000',
    );
    expect(linesOf(PEER).join()).not.toContain('inbound');
  });

  test('does without what a daemon of an earlier version does not tell', () => {
    const {
      capabilities: _,
      logLinesLost: __,
      inboundPaths: ___,
      lookups: ____,
      ...earlier
    } = PEER;
    expect(linesOf(earlier as PeerStatus)).toEqual(linesOf(PEER));
  });

  test('contains the reason for the portable driver', () => {
    const driver = { ...ROUTER.driver, reason: 'there is no TUN interface' };
    expect(linesOf({ ...ROUTER, driver })).toContain(
      '  driver      portable (there is no TUN interface)',
    );
  });

  test('says how often there was no place for a remote, if ever', () => {
    const lines = (remotesRefused: number) =>
      linesOf({
        ...PEER,
        counters: { ...PEER.counters, remotesRefused } as PeerStatus['counters'],
      });
    expect(lines(1234)).toContain('  relayed     1,234 for want of a place among the remotes');
    expect(lines(1)).toContain('  relayed     1 for want of a place among the remotes');
    expect(lines(0).join()).not.toContain('--max-remotes');
  });

  test('says what masquerading rewrote, if anything', () => {
    const counters = {
      ...ROUTER.counters,
      packetsRewrittenToHosts: 1234,
      packetsRewrittenFromHosts: 5,
    };
    expect(linesOf({ ...ROUTER, counters })).toContain(
      '  rewritten   1,234 to hosts, 5 from hosts',
    );
    expect(linesOf(ROUTER).join()).not.toContain('rewritten');
  });

  test('contains the offloads of the kernel and the average batch sizes', () => {
    const driver: RouterStatus['driver'] = {
      name: 'linux',
      reason: null,
      workers: 2,
      offloads: [
        { name: 'udp-send', active: true, reason: null },
        { name: 'tun-udp', active: false, reason: 'needs Linux 6.2' },
      ],
      batches: {
        waits: 9,
        receiveCalls: 4,
        messagesReceived: 8,
        datagramsReceived: 50,
        sendCalls: 3,
        messagesSent: 3,
        datagramsSent: 10,
        tunReads: 0,
        packetsRead: 0,
        tunWrites: 2,
        packetsWritten: 2,
      },
    };
    expect(linesOf({ ...ROUTER, tun: null, driver })).toContain(
      '  batch size  udp in 12.5, udp out 3.3',
    );
    expect(linesOf({ ...ROUTER, driver }).slice(3, 6)).toEqual([
      '  driver      linux, 2 threads',
      '  offloads    udp-send, no tun-udp (needs Linux 6.2)',
      '  batch size  udp in 12.5, udp out 3.3, tun in none, tun out 1.0',
    ]);
  });

  test('has a line for each router of a peer', () => {
    const lines = linesOf({
      ...PEER,
      routers: [
        {
          router: { address: '198.51.100.1', port: 25790 },
          state: 'leased',
          address: 'fc64::1',
          prefix: 'fc64::/114',
          publicEndpoint: { address: '203.0.113.5', port: 40_000 },
          routes: ['2000::/3', '64:ff9b::/96'],
          attempts: 0,
          advertisedAgo: 12.7,
          temporary: true,
        },
        {
          router: { address: '192.0.2.1', port: 25790 },
          state: 'soliciting',
          address: null,
          prefix: null,
          publicEndpoint: null,
          routes: [],
          attempts: 7,
          advertisedAgo: null,
          temporary: false,
        },
      ],
    });
    expect(lines.slice(4, 10)).toEqual([
      '  address     none yet',
      '  router                          state       prefix      public             answered                        routes',
      '  198.51.100.1:25790 (temporary)  leased      fc64::/114  203.0.113.5:40000  12 s ago                        2000::/3 64:ff9b::/96',
      '  192.0.2.1:25790                 soliciting                                 never, solicited 7 times since',
      '  nat         203.0.113.5:40000',
      '  remotes     none',
    ]);
  });

  test('has a line for each remote of a peer', () => {
    const remote = REMOTE;
    const relayed = {
      ...remote,
      path: 'relayed',
      endpoint: null,
      confirmedBy: null,
      confirmedAgo: null,
      roundTripMs: null,
    } as const;
    expect(linesOf({ ...PEER, remotes: [remote, relayed] }).slice(6, 9)).toEqual([
      '  remote   path                      round trip  confirmed                        sent                     received',
      '  fc64::2  direct 203.0.113.6:40002  1.2 ms      3 s ago, neighbor-advertisement  1,000 direct, 1 relayed  0 direct, 0 relayed',
      '  fc64::2  relayed                                                                1,000 direct, 1 relayed  0 direct, 0 relayed',
    ]);
  });
});
