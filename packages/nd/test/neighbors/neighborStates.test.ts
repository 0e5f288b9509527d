import { describe, expect, test } from 'vitest';
import {
  type NeighborEvent,
  type NeighborState,
  neighborTransitions,
} from '../../src/neighbors/neighborStates.js';

const to = (state: NeighborState | 'none', event: NeighborEvent): string | undefined =>
  neighborTransitions[state][event]?.to;
const known = ['reachable', 'stale', 'delay', 'probe'] as const;

describe('RFC 4861 Appendix C', () => {
  test('a packet to an unknown neighbor starts address resolution', () => {
    expect(neighborTransitions.none.sent).toEqual({ to: 'incomplete', solicit: true });
  });

  test('only an answer makes a neighbor reachable that was not known', () => {
    expect(to('incomplete', 'answered')).toBe('reachable');
    expect(to('incomplete', 'progress')).toBeUndefined();
    expect(to('incomplete', 'learnt')).toBe('stale');
  });

  test.each(known)('an answer or progress makes a %s neighbor reachable', (state) => {
    expect(to(state, 'answered')).toBe('reachable');
    expect(to(state, 'progress')).toBe('reachable');
  });

  test.each([...known, 'none', 'incomplete'] as const)(
    'what proves nothing makes a neighbor stale that was %s',
    (state) => {
      expect(to(state, 'learnt')).toBe('stale');
    },
  );

  test('a proof gets old', () => {
    expect(neighborTransitions.reachable.timeout).toEqual({ to: 'stale' });
  });

  test('a contradiction spoils a proof and nothing else', () => {
    expect(to('reachable', 'contradicted')).toBe('stale');
    for (const state of ['none', 'incomplete', 'stale', 'delay', 'probe'] as const) {
      expect(to(state, 'contradicted')).toBeUndefined();
    }
  });

  test('a packet to a stale neighbor gives upper layers time, then asks', () => {
    expect(neighborTransitions.stale.sent).toEqual({ to: 'delay' });
    expect(neighborTransitions.delay.timeout).toEqual({ to: 'probe', solicit: true });
    expect(neighborTransitions.probe.timeout).toEqual({ to: 'probe', solicit: true });
  });

  test('silence ends an entry', () => {
    expect(to('incomplete', 'exhausted')).toBe('none');
    expect(to('probe', 'exhausted')).toBe('none');
  });

  test('packets change nothing in other states', () => {
    for (const state of ['incomplete', 'reachable', 'delay', 'probe'] as const) {
      expect(to(state, 'sent')).toBeUndefined();
    }
  });

  test('a stale neighbor waits for ever', () => {
    expect(to('stale', 'timeout')).toBeUndefined();
  });
});
