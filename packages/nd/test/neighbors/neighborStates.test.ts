import { describe, expect, test } from 'vitest';
import {
  type NeighborEvent,
  type NeighborState,
  neighborTransitions,
} from '../../src/neighbors/neighborStates.js';

const to = (state: NeighborState, event: NeighborEvent): string | undefined =>
  neighborTransitions[state][event]?.to;

describe('transitions of RFC 4861 Appendix C', () => {
  test('solicit an unknown neighbor when a packet goes to it', () => {
    expect(neighborTransitions.none.sent).toEqual({ to: 'incomplete', solicit: true });
  });

  test.each(['none', 'incomplete', 'reachable', 'stale', 'delay', 'probe'] as const)(
    'make a neighbor reachable that was %s when it is confirmed',
    (state) => {
      expect(neighborTransitions[state].confirmed).toEqual({ to: 'reachable' });
    },
  );

  test('let a confirmation grow stale', () => {
    expect(neighborTransitions.reachable.timeout).toEqual({ to: 'stale' });
  });

  test('delay the first probe of a stale neighbor, then solicit', () => {
    expect(neighborTransitions.stale.sent).toEqual({ to: 'delay' });
    expect(neighborTransitions.delay.timeout).toEqual({ to: 'probe', solicit: true });
    expect(neighborTransitions.probe.timeout).toEqual({ to: 'probe', solicit: true });
  });

  test('give a neighbor up after the last solicitation', () => {
    expect(to('incomplete', 'exhausted')).toBe('none');
    expect(to('probe', 'exhausted')).toBe('none');
  });

  test('ignore packets in all other states', () => {
    for (const state of ['incomplete', 'reachable', 'delay', 'probe'] as const) {
      expect(to(state, 'sent')).toBeUndefined();
    }
  });

  test('leave a stale neighbor alone for ever', () => {
    expect(to('stale', 'timeout')).toBeUndefined();
  });
});
