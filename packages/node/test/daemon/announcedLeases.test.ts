import type { AddressLease } from '@6bed4/tunnel';
import { beforeEach, describe, expect, test } from 'vitest';
import { AnnouncedLeases } from '../../src/daemon/announcedLeases.js';

const ROUTER = { address: '198.51.100.1', port: 25790 };

function lease(address: string, router = ROUTER): AddressLease {
  return {
    ...{ router, address, prefix: `${address}/128`, publicEndpoint: ROUTER },
    ...{ temporary: false, routes: [], defaultRouter: true },
  };
}

let onInterface: Set<string>;
let told: (string | null)[][];
let leases: AnnouncedLeases;

beforeEach(() => {
  onInterface = new Set();
  told = [];
  leases = new AnnouncedLeases(
    (address) => onInterface.has(address),
    ({ address }, previous) => told.push([address, previous?.address ?? null]),
  );
});

describe('a lease', () => {
  test('is announced at once when its address is on the interface', () => {
    onInterface.add('fc64::1');
    leases.acquired(lease('fc64::1'));
    expect(told).toEqual([['fc64::1', null]]);
    leases.interfaceChanged();
    expect(told).toHaveLength(1);
  });

  test('is announced when its address comes to the interface, and not before', () => {
    leases.acquired(lease('fc64::1'));
    leases.interfaceChanged();
    expect(told).toEqual([]);
    onInterface.add('fc64::1');
    leases.interfaceChanged();
    expect(told).toEqual([['fc64::1', null]]);
  });

  test('follows the one that was announced before, not one that never was', () => {
    onInterface.add('fc64::1');
    leases.acquired(lease('fc64::1'));
    leases.acquired(lease('fc64::2'));
    onInterface.add('fc64::3');
    leases.acquired(lease('fc64::3'));
    expect(told.at(-1)).toEqual(['fc64::3', 'fc64::1']);
    onInterface.add('fc64::2');
    leases.interfaceChanged();
    expect(told).toHaveLength(2);
  });

  test('of another router is one of its own', () => {
    onInterface.add('fc64::1').add('fc64::2');
    leases.acquired(lease('fc64::1'));
    leases.acquired(lease('fc64::2', { ...ROUTER, port: 1 }));
    expect(told).toEqual([
      ['fc64::1', null],
      ['fc64::2', null],
    ]);
  });

  test('that is lost is a loss to the user only when it was announced', () => {
    leases.acquired(lease('fc64::1'));
    expect(leases.lost(ROUTER)).toBe(false);
    onInterface.add('fc64::1');
    leases.interfaceChanged();
    expect(told).toEqual([]);
    leases.acquired(lease('fc64::1'));
    expect(leases.lost(ROUTER)).toBe(true);
    expect(leases.lost(ROUTER)).toBe(false);
  });
});
