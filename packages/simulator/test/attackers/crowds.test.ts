import {
  draft04Profile,
  encodeAddress,
  type Profile,
  parseIPv6,
  reference2020,
} from '@6bed4/codec';
import { buildUdp, setTrafficClass } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import { Internet, type PeerNode, Random, type UdpSocket } from '../../src/index.js';
import { answerSolicitation } from './answers.js';

const PREFIX = 'fc64:bed:c633:6401::/64';
const PORT = 5_000;
const SEEN = 0x20;
const SECOND = 1_000;

const dialects: readonly (readonly [string, Profile])[] = [
  ['draft03', reference2020],
  ['draft04', draft04Profile],
];

/** A node with little but the means to be reached directly, and what it received. */
interface Remote {
  readonly address: string;
  /** Packets that came directly. */
  direct: number;
}

/** A peer on the public Internet, its router, and remotes of which there may be thousands. */
class Crowd {
  readonly net = new Internet({ seed: 1 });
  readonly peer: PeerNode;

  constructor(profile: Profile) {
    this.net.router('r', { address: '198.51.100.1', profile });
    this.peer = this.net.peer('peer', { profile, address: '203.0.113.5', port: 40_000 });
    this.net.run(SECOND);
  }

  /** Adds a remote that can be reached directly. */
  add(ipv4: string): Remote {
    const endpoint = `${ipv4}:${PORT}`;
    const remote = { address: addressAt(endpoint), direct: 0 };
    this.net.host(ipv4, { address: ipv4 }).bind(PORT, ({ payload, from }, socket) => {
      if (from !== '203.0.113.5:40000') return;
      if (payload.length === 0) this.#reportSeen(remote.address, from, socket);
      else if (payload[6] !== 17) answerSolicitation(payload, from, socket);
      else remote.direct++;
    });
    return remote;
  }

  #reportSeen(address: string, from: string, socket: UdpSocket): void {
    const packet = buildUdp({
      source: parseIPv6(address),
      destination: parseIPv6(this.peer.address!),
      sourcePort: 9,
      destinationPort: 9,
      payload: new Uint8Array(4),
    });
    setTrafficClass(packet, 0, SEEN);
    socket.send(from, packet);
  }
}

const addressAt = (endpoint: string): string => encodeAddress({ prefix: PREFIX, peer: endpoint });
const ipv4At = (index: number): string => `198.19.${index >> 8}.${index & 0xff}`;

describe.each(dialects)('%s: a peer with many remotes', (_, profile) => {
  test.each([
    [300, 8],
    [1_000, 15],
  ])('reaches all of %i directly, within %i s of one packet a second to each', (count, limit) => {
    const crowd = new Crowd(profile);
    const remotes = Array.from({ length: count }, (_, index) => crowd.add(ipv4At(index)));
    for (let second = 0; second <= limit; second++) {
      for (const { address } of remotes) crowd.peer.sendUdp(address);
      crowd.net.run(SECOND);
    }
    expect(remotes.filter(({ direct }) => direct === 0)).toEqual([]);
    const paths = crowd.peer.remotes.map(({ path }) => path);
    expect(paths.filter((path) => path === 'direct')).toHaveLength(count);
  });

  test('keeps 95 % of the packets to 20 steady friends direct beside 50 new remotes a second', () => {
    const crowd = new Crowd(profile);
    const { net, peer } = crowd;
    const random = new Random(1);
    const friends = Array.from({ length: 20 }, (_, index) => crowd.add(`192.0.2.${index + 1}`));
    const [start, end, measured] = [2_000, 32_000, 14_000];
    let sent = 0;
    for (const friend of friends) {
      // The table was filled by others before.
      for (let at = measured - 2_000 + random.integer(0, SECOND); at < end; at += SECOND) {
        net.at(at, () => {
          if (at < measured) friend.direct = 0;
          else sent++;
          peer.sendUdp(friend.address);
        });
      }
    }
    let made = 0;
    for (let at = start; at < end - 3_000; at += 20) {
      const ipv4 = ipv4At(made++);
      // Every second one is not there.
      const address = made % 2 === 0 ? crowd.add(ipv4).address : addressAt(`${ipv4}:${PORT}`);
      for (let packet = 0; packet < 4; packet++) {
        net.at(at + packet * SECOND + random.integer(0, 20), () => peer.sendUdp(address));
      }
    }
    net.run(end + SECOND - net.now);
    const direct = friends.reduce((sum, friend) => sum + friend.direct, 0);
    expect(direct / sent).toBeGreaterThanOrEqual(0.95);
  });
});
