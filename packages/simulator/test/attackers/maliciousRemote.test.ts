import { describe, test } from 'vitest';
import { answerSolicitation } from './answers.js';
import { encodesAny } from './checks.js';
import { type Attacker, assertHarmless, profiles } from './scripts.js';

const ENDPOINTS = ['203.0.113.66:6666', '203.0.113.66:6668'];

describe.each(profiles)('%s', (_, profile) => {
  test('a remote that the victim talks to can do nothing but talk', () => {
    const remote: Attacker = {
      arena: { profile, endpoints: ENDPOINTS },
      prepare: (arena, { answers }) => {
        if (answers) arena.onHostile = answerSolicitation;
        for (let at = 1_000; at < 6_500; at += 250) {
          arena.net.at(at, () => arena.victim.sendUdp(arena.addressAt(ENDPOINTS[0]!)));
        }
      },
      send: (arena, from, to, bytes) => {
        arena.sockets[from % 2]!.send(arena.endpointOf(to), bytes);
      },
      grants: (arena) => ({
        mayUse: (source) => encodesAny(arena, source, ENDPOINTS),
        uncounted: ['203.0.113.66'],
      }),
    };
    assertHarmless(remote, 500);
  });
});
