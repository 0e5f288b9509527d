import type { Profile } from '@6bed4/codec';
import { describe, test } from 'vitest';
import { answerSolicitation, isRouterSolicitation } from './answers.js';
import type { Arena } from './arena.js';
import { encodesAny } from './checks.js';
import { buildHostile } from './hostileMessages.js';
import { type Attacker, assertHarmless, profiles, type Script } from './scripts.js';

const ADDRESS = '203.0.113.66';

const endpointsOf = ({ port }: Profile): readonly string[] => [
  `${ADDRESS}:${port}`,
  `${ADDRESS}:6666`,
];

/** Answers Router Solicitations by the advertisements of the script, in turn. */
function answerByScript(arena: Arena, script: Script): void {
  const offers = script.shots.filter(({ what }) => what.message.type === 'router-advertisement');
  let turn = 0;
  arena.onHostile = (payload, from, socket) => {
    if (script.answers) answerSolicitation(payload, from, socket);
    if (!isRouterSolicitation(payload) || offers.length === 0) return;
    const { message, disguise } = offers[turn++ % offers.length]!.what;
    if (message.type !== 'router-advertisement') return;
    const bytes = buildHostile({ message: { ...message, nonce: 'seen' }, disguise }, arena.names);
    if (bytes !== null) socket.send(from, bytes);
  };
}

describe.each(profiles)('%s', (_, profile) => {
  const endpoints = endpointsOf(profile);

  test('a malicious router that the user configured gives its own address and routes, no more', () => {
    const router: Attacker = {
      arena: { profile, endpoints, moreRouters: [endpoints[0]!] },
      prepare: answerByScript,
      send: (arena, from, to, bytes) => {
        arena.sockets[from % 2]!.send(arena.endpointOf(to), bytes);
      },
      grants: (arena) => ({
        // It may relay from anybody to the address that it gave, and to no other. Where prefixes do not name
        // their router, it may give the same address as another.
        mayUse: (source, receiver, destination) =>
          encodesAny(arena, source, endpoints) ||
          (receiver === arena.victim &&
            (destination !== arena.victim.address || profile.prefixes.length === 0)),
        mayHold: (lease) => lease.endsWith(` of ${ADDRESS}`),
        uncounted: [ADDRESS],
      }),
    };
    assertHarmless(router, 400);
  });
});

describe.each(profiles.filter(([, { dialect }]) => dialect.avoidsTrapezium))('%s', (_, profile) => {
  const endpoints = endpointsOf(profile);

  test('a node that only its address names as router gives one address in its own /64, no more', () => {
    const router: Attacker = {
      arena: { profile, endpoints, answersEcho: true },
      prepare: (arena, script) => {
        answerByScript(arena, script);
        const named = arena.addressAt('203.0.113.66:6666', ADDRESS);
        for (let at = 1_000; at < 6_500; at += 250) {
          arena.net.at(at, () => arena.victim.sendUdp(named));
        }
      },
      send: (arena, from, to, bytes) => {
        arena.sockets[from % 2]!.send(arena.endpointOf(to), bytes);
      },
      grants: (arena) => ({
        mayUse: (source, _, destination) =>
          encodesAny(arena, source, endpoints) || (isUnder(source) && isUnder(destination)),
        mayHold: (lease) =>
          lease === `victim has the router ${ADDRESS} (asked)` ||
          /^victim got fc64:bed:cb00:7142:\S+ fc64:bed:cb00:7142:\S+\/114 {2}of /.test(lease),
        uncounted: [ADDRESS],
      }),
    };
    assertHarmless(router, 400);
  });
});

/** Whether an address is under the prefix of the attacker as a router. */
function isUnder(address: string): boolean {
  return address.startsWith('fc64:bed:cb00:7142:');
}
