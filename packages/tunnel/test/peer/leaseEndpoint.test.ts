import { encodeAddress, parseIPv4, parseIPv6, reference2020, UdpEndpoint } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { Lease } from '../../src/peer/lease.js';

const PREFIX = 'fc64:bed:c633:6401::/64';
const OTHER_PREFIX = 'fc64:bed:c633:6402::/64';

/** The lease of a peer that its router sees at an endpoint. */
function leaseAt(endpoint: string, prefix = PREFIX, lanip = 5): Lease {
  const [address, port] = endpoint.split(':') as [string, string];
  const base = parseIPv6(encodeAddress({ prefix, peer: endpoint, lanip: 0 }));
  return new Lease(
    reference2020,
    {
      base,
      endpoint: new UdpEndpoint(parseIPv4(address), Number(port)),
      prefix: { validLifetime: 7200, preferredLifetime: 7200 },
    },
    {
      router: { address: '198.51.100.1', port: 25_790 },
      lanip,
      temporary: false,
      routes: [],
      defaultRouter: true,
    },
  );
}

describe('a lease', () => {
  test('is at the endpoint of another one when IPv4 address and port are the same', () => {
    const lease = leaseAt('203.0.113.5:40000');
    expect(lease.isAtEndpointOf(leaseAt('203.0.113.5:40000', OTHER_PREFIX))).toBe(true);
    expect(lease.isAtEndpointOf(leaseAt('203.0.113.5:40001', OTHER_PREFIX))).toBe(false);
    expect(lease.isAtEndpointOf(leaseAt('203.0.113.6:40000', OTHER_PREFIX))).toBe(false);
  });

  test('leaves the offer as it is: its own address has the lanip, its router has none', () => {
    const lease = leaseAt('203.0.113.5:40000');
    const base = parseIPv6(encodeAddress({ prefix: PREFIX, peer: '203.0.113.5:40000', lanip: 0 }));
    expect(lease.offer.base).toEqual(base);
    expect(lease.errorSource).toEqual(base);
    expect(lease.identity.address[15]).toBe(5);
    expect(lease.description.address).toBe(
      encodeAddress({ prefix: PREFIX, peer: '203.0.113.5:40000', lanip: 5 }),
    );
    lease.errorSource.fill(0);
    lease.identity.address.fill(0);
    expect(lease.offer.base).toEqual(base);
  });
});
