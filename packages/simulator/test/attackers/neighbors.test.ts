import { describe, test } from 'vitest';
import { answerSolicitation } from './answers.js';
import { encodesAny } from './checks.js';
import { type Attacker, assertHarmless, profiles } from './scripts.js';

const networks = [
  ['on the same LAN', '192.168.1.0/24', '192.168.1.66', true],
  ['behind the same carrier NAT', '100.64.0.0/16', '100.64.3.7', false],
] as const;

describe.each(profiles)('%s', (_, profile) => {
  test.each(networks)(
    'a neighbor %s gains nothing but to be heard',
    (_, sharedNetwork, address, isLan) => {
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
        grants: (arena) => {
          // By draft-01 §6.11, a host of the LAN can pass for a remote behind the same NAT.
          const takes = isLan && profile.dialect.searchesLan ? arena.housemate : null;
          return {
            takes,
            // Where others see him is what their packets to the victim come from, too.
            mayUse: (source, receiver) =>
              (takes !== null && source === takes.address) ||
              encodesAny(
                arena,
                source,
                arena.isInside(receiver) ? endpoints : arena.mappedEndpoints(endpoints),
              ),
          };
        },
      };
      assertHarmless(neighbor, 300);
    },
  );
});
