import { describe, expect, test } from 'vitest';
import type { UplinkStatus } from '../../src/control/status.js';
import { metricsOf } from '../../src/metrics/metrics.js';
import { PEER } from '../support/statuses.js';

describe('the metrics of a peer', () => {
  test('have labels for the routers of the user, and none for those that remotes bring about', async () => {
    const uplink: Omit<UplinkStatus, 'router' | 'temporary'> = {
      ...{ state: 'leased', address: null, prefix: null, publicEndpoint: null, routes: [] },
      ...{ attempts: 0, advertisedAgo: 1 },
    };
    const routers = [false, true, true].map((temporary, index) => {
      const router = { address: `203.0.113.${index}`, port: 25_790 };
      return { ...uplink, router, temporary };
    });
    const text = await metricsOf({ ...PEER, routers });
    expect(text.match(/^sixbed4_router_leased.*/gm)).toEqual([
      'sixbed4_router_leased{router="203.0.113.0:25790"} 1',
    ]);
  });
});
