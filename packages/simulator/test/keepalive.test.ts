import { describe, expect, test } from 'vitest';
import { Internet } from '../src/index.js';
import { profiles } from './support/dialects.js';

/** A peer behind a NAT that forgets after the last packet out, and then assigns another port. */
function idlePeer(timeout: number, profile: (typeof profiles)[number][1]) {
  const net = new Internet();
  net.router('r', { address: '198.51.100.1', profile });
  const nat = net.nat('nat', {
    portAssignment: 'random',
    portParity: true,
    mappingTimeout: timeout,
    refreshDirection: 'outbound',
  });
  const idle = net.peer('idle', { profile, behind: nat });
  const other = net.peer('other', { profile });
  return { net, idle, other };
}

// Each ping comes after a pause in which nothing but keepalives holds the mapping.
describe.each(profiles)('%s: an idle peer behind a NAT of random ports', (_, profile) => {
  test.each([
    [300_000, 1_000, 0],
    [30_000, 1_000, 0],
    [20_000, 60_000, 1],
    [10_000, 90_000, 2],
  ])(
    'that forgets after %i ms is reachable for ten minutes after %i ms and %i other addresses',
    (timeout, settled, changes) => {
      const { net, idle, other } = idlePeer(timeout, profile);
      net.run(3_000);
      let seen = idle.address;
      let changed = 0;
      for (const end = net.now + settled; net.now < end; net.run(1_000)) {
        if (idle.address !== seen) changed++;
        seen = idle.address;
      }
      expect(changed).toBe(changes);
      const { address } = idle;
      for (let pause = 0; pause < 8; pause++) {
        net.run(75_000 + pause * 1_100);
        const number = other.ping(address!);
        net.run(1_000);
        const replies = other.received.filter(({ kind }) => kind === 'echo-reply');
        expect(replies.map(({ sequence }) => sequence)).toContain(number);
      }
      expect(idle.address).toBe(address);
    },
  );
});
