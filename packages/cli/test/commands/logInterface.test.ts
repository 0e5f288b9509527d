import type { InterfaceReport, PeerDaemon } from '@6bed4/node';
import { describe, expect, test } from 'vitest';
import { describePeer } from '../../src/commands/describePeer.js';
import { lackOf, lackText } from '../../src/commands/logInterface.js';

const COMPLETE: InterfaceReport = { name: '6bed4', missing: [], disputed: [], restorations: 0 };
const LACKING: InterfaceReport = {
  ...COMPLETE,
  missing: [
    { part: 'route fc64::/16 metric 1052', reason: 'cannot add route' },
    { part: 'label of fc64::/16', reason: 'cannot label' },
  ],
};
const owning = (report: InterfaceReport | null) => ({ interfaceReport: () => report });

describe('what an interface is without', () => {
  test.each([
    ['without interface', null],
    ['with a complete one', COMPLETE],
  ])('is not told %s', (_, report) => {
    expect(lackOf(owning(report))).toEqual({});
    expect(lackText(owning(report))).toBe('');
  });

  test('is told by the names of the parts', () => {
    expect(lackOf(owning(LACKING))).toEqual({
      without: ['route fc64::/16 metric 1052', 'label of fc64::/16'],
    });
    expect(lackText(owning(LACKING))).toBe(
      ', without route fc64::/16 metric 1052, label of fc64::/16',
    );
  });

  test('is told to a service manager, too', () => {
    const router = { address: '192.0.2.1', port: 25790 };
    const peer = { ...owning(LACKING), leases: [{ address: 'fc64::1', router }] };
    expect(describePeer(peer as unknown as PeerDaemon)).toBe(
      'address fc64::1 from router 192.0.2.1:25790, without route fc64::/16 metric 1052, label of fc64::/16',
    );
  });
});
