import { describe, test } from 'vitest';
import { type Attacker, assertHarmless, profiles } from './scripts.js';

const OWN = '203.0.113.99:6666';
/** Sources that no node of the arena has. */
const ODD = [
  '192.168.1.9:4000',
  '100.64.3.7:4000',
  '127.0.0.1:4000',
  '0.0.0.0:4000',
  '224.0.0.1:4000',
];

describe.each(profiles)('%s', (_, profile) => {
  test('whoever forges any IPv4 source, but sees nothing, moves no packet and no address', () => {
    const attacker: Attacker = {
      arena: { profile, endpoints: [OWN] },
      send: (arena, from, to, bytes) => {
        const sources = [
          ...(['router', 'friend', 'router', 'bystander', 'newcomer', 'victim'] as const).map(
            (name) => arena.endpointOf(name),
          ),
          OWN,
          ...ODD,
        ];
        arena.attackers[0]!.forge(sources[from % sources.length]!, arena.endpointOf(to), bytes);
      },
      // An IPv6 source is as good as the IPv4 source that proves it.
      grants: () => ({ mayUse: () => true }),
    };
    assertHarmless(attacker, 500);
  });
});
