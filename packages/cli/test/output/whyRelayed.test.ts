import { describe, expect, test } from 'vitest';
import type {
  PeerStatus,
  RemoteStatus,
  SearchStatus,
  UplinkStatus,
} from '../../src/control/status.js';
import { mappingOf, mappingText } from '../../src/output/natReport.js';
import { whyRelayed } from '../../src/output/whyRelayed.js';
import { PEER, REMOTE } from '../support/statuses.js';

const TARGET = { address: '203.0.113.3', port: 40_002 };

const FAILED: SearchStatus = {
  state: 'failed',
  endpoint: TARGET,
  triedAgo: 12.3,
  failures: 3,
  retryIn: 4.2,
  directAgo: null,
};

function relayed(search: Partial<SearchStatus>, more: Partial<RemoteStatus> = {}): RemoteStatus {
  const none = { confirmedBy: null, confirmedAgo: null, roundTripMs: null };
  return {
    ...{ ...REMOTE, ...none, path: 'relayed', endpoint: null },
    search: { ...FAILED, ...search },
    ...more,
  };
}

/** A peer whose routers, at these addresses, see it at these endpoints. */
function peerSeenAt(seen: Readonly<Record<string, [string, number]>>): PeerStatus {
  const routers = Object.entries(seen).map(
    ([router, [address, port]]): UplinkStatus => ({
      router: { address: router, port: 25_790 },
      state: 'leased',
      address: null,
      prefix: null,
      publicEndpoint: { address, port },
      routes: [],
      attempts: 0,
      advertisedAgo: 1,
      temporary: false,
    }),
  );
  return { ...PEER, endpoint: { address: '0.0.0.0', port: 5000 }, routers };
}

const why = (remote: RemoteStatus, status: PeerStatus = PEER) => whyRelayed(remote, status);

describe('the reason why packets are relayed', () => {
  test('is not there for direct paths, or from daemons that do not tell', () => {
    expect(why(REMOTE)).toBeNull();
    const { search: _, ...older } = relayed({});
    expect(why(older as RemoteStatus)).toBeNull();
  });

  test('tells that a direct path is being tried', () => {
    const text = why(relayed({ state: 'trying', triedAgo: 0.4, failures: 0, retryIn: null }));
    expect(text).toBe('203.0.113.3:40002 is being tried, last 0 s ago');
  });

  test.each([
    [{}, '203.0.113.3:40002 was not tried yet; one of the next packets does'],
    [{ sentAgo: null }, 'this computer has sent it nothing, so nothing was tried'],
    [
      { confirmedAgo: 65 },
      'direct until 1 min 5 s ago, and not confirmed since; the next packet tries 203.0.113.3:40002',
    ],
  ])('tells why nothing is being tried: %j', (more, text) => {
    expect(why(relayed({ state: 'idle', failures: 0, triedAgo: null }, more))).toBe(text);
  });

  test.each([
    [{}, 'did not answer, last 12 s ago, 3 times in a row; the next packet after 5 s tries again.'],
    [{ failures: 1, retryIn: -1 }, 'did not answer, last 12 s ago; the next packet tries again.'],
    // Probes are a matter of time, not of packets.
    [{ failures: null, retryIn: null }, 'did not answer, last 12 s ago.'],
  ])('tells what was tried when, and what comes next: %j', (search, text) => {
    expect(why(relayed(search))).toContain(`203.0.113.3:40002 ${text} `);
  });

  test.each<[string, PeerStatus, Partial<SearchStatus>, string]>([
    [
      'both are behind one NAT',
      peerSeenAt({ '192.0.2.1': ['203.0.113.3', 5000] }),
      {},
      '203.0.113.3 is our own public address',
    ],
    ['its packets arrive', PEER, { directAgo: 5 }, 'Its packets arrive here directly'],
    [
      'its packets arrived long ago, and one router tells little',
      peerSeenAt({ '192.0.2.1': ['198.51.100.9', 5000] }),
      { directAgo: 90 },
      'A NAT or firewall of either side',
    ],
    [
      'our NAT maps by destination',
      peerSeenAt({ '192.0.2.1': ['198.51.100.9', 5000], '192.0.2.2': ['198.51.100.9', 5001] }),
      {},
      'Our NAT gives each destination another port',
    ],
    [
      'our NAT maps all alike',
      peerSeenAt({ '192.0.2.1': ['198.51.100.9', 6000], '192.0.2.2': ['198.51.100.9', 6000] }),
      {},
      'Our NAT is one that direct paths get through',
    ],
    [
      'we have no NAT',
      {
        ...peerSeenAt({ '192.0.2.1': ['198.51.100.9', 5000] }),
        endpoint: { address: '198.51.100.9', port: 5000 },
      },
      {},
      'We have no NAT',
    ],
  ])('names a cause: %s', (_, status, search, text) => {
    expect(why(relayed(search), status)).toContain(`. ${text}`);
  });
});

describe('the mapping of our NAT', () => {
  const textOf = (status: PeerStatus): string | null => {
    const mapping = mappingOf(status);
    return mapping && mappingText(mapping, status.endpoint);
  };

  test('is not known before a router has answered', () => {
    expect(textOf(PEER)).toBeNull();
  });

  test.each([
    [{ '192.0.2.1': ['198.51.100.9', 5000] }, '198.51.100.9:5000, the port of the socket'],
    [{ '192.0.2.1': ['198.51.100.9', 6000] }, '198.51.100.9:6000'],
  ])('is the endpoint that one router sees: %j', (seen, text) => {
    expect(textOf(peerSeenAt(seen as never))).toBe(text);
  });

  test('is said to depend on the destination only if routers at two addresses disagree', () => {
    const same = peerSeenAt({ '192.0.2.1': ['198.51.100.9', 1], '192.0.2.2': ['198.51.100.9', 1] });
    expect(mappingOf(same)!.kind).toBe('same');
    const each = peerSeenAt({ '192.0.2.1': ['198.51.100.9', 1], '192.0.2.2': ['198.51.100.9', 2] });
    expect(mappingOf(each)).toEqual({
      kind: 'each',
      seenAt: ['198.51.100.9:1', '198.51.100.9:2'],
    });
  });
});
