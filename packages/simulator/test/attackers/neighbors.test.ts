import { describe, test } from 'vitest';
import { answerSolicitation } from './answers.js';
import { encodesAny } from './checks.js';
import { type Attacker, assertHarmless, profiles } from './scripts.js';

const networks = [
  ['on the same LAN', '192.168.1.0/24', '192.168.1.66'],
  ['behind the same carrier NAT', '100.64.0.0/16', '100.64.3.7'],
] as const;

describe.each(profiles)('%s', (_, profile) => {
  test.each(networks)(
    'a neighbor %s gains nothing but to be heard',
    (_, sharedNetwork, address) => {
      const endpoints = [`${address}:6666`, `${address}:${profile.port}`];
      const neighbor: Attacker = {
        arena: { profile, endpoints, sharedNetwork },
        prepare: (arena, { answers }) => {
          arena.attackers[0]!.join('224.0.0.1', profile.port);
          if (answers) arena.onHostile = answerSolicitation;
        },
        send: (arena, from, to, bytes) => {
          const where = to === 'victim' ? arena.victimAddress : arena.endpointOf(to);
          arena.sockets[from % 2]!.send(where, bytes);
        },
        grants: (arena) => ({
          // Where others see him is what their packets to the victim come from, too.
          mayUse: (source, receiver) =>
            encodesAny(
              arena,
              source,
              receiver === arena.victim ? endpoints : arena.mappedEndpoints(endpoints),
            ),
        }),
      };
      assertHarmless(neighbor, 300);
    },
  );
});
