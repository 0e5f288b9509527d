import { describe, test } from 'vitest';
import { answerSolicitation } from './answers.js';
import { encodesAny } from './checks.js';
import { type Attacker, assertHarmless, profiles } from './scripts.js';

const ADDRESSES = ['203.0.113.66', '203.0.113.67', '203.0.113.68'];

describe.each(profiles)('%s', (_, profile) => {
  test('a stranger with several addresses and ports gains nothing but to be heard', () => {
    const endpoints = ADDRESSES.flatMap((address) =>
      [profile.port, 6_666, 53_000].map((port) => `${address}:${port}`),
    );
    const stranger: Attacker = {
      arena: { profile, endpoints },
      prepare: (arena, { answers }) => {
        if (answers) arena.onHostile = answerSolicitation;
      },
      send: (arena, from, to, bytes) => {
        arena.sockets[from % arena.sockets.length]!.send(arena.endpointOf(to), bytes);
      },
      grants: (arena) => ({ mayUse: (source) => encodesAny(arena, source, endpoints) }),
    };
    assertHarmless(stranger, 500);
  });
});
