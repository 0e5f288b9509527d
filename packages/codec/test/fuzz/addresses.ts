import { demand, type FuzzTarget, InputReader } from '@6bed4/testing/fuzzTarget';
import {
  decodeAddress,
  dialectNames,
  encodeAddress,
  formatIPv6,
  isInvitation,
  parseIPv6,
  profileOf,
  UdpEndpoint,
} from '../../src/index.js';

const GUARD = 0xa5;
const profiles = dialectNames.map(profileOf);

/** Addresses of 16 bytes in every layout, inside a buffer whose other bytes must not change. */
export const target: FuzzTarget = {
  longest: 32,
  seeds: [
    parseIPv6('fc64:bed:c633:6401:c433:6402:e49e:8001'),
    parseIPv6('2001:db8:64:64:50f5:c6ff:fe33:6402'),
    parseIPv6('fc64:bed:c633:6401:c433:6401:64be:8001'),
  ],
  run(input) {
    const reader = new InputReader(input);
    const address = new Uint8Array(16);
    address.set(reader.take(16));
    const endpoint = new UdpEndpoint(reader.word() * 0x1_0000 + reader.word(), reader.word());
    const lanip = reader.word();
    for (const profile of profiles) {
      const { layout } = profile;
      const decoded = decodeAddress(address, { profile });
      demand(isInvitation(address, { profile }) === decoded.invitation, 'invitations agree');
      if (decoded.peer !== null && layout.acceptsPort(decoded.peer.port)) {
        const { prefix, peer } = decoded;
        const parts =
          decoded.lanip === null ? { prefix, peer } : { prefix, peer, lanip: decoded.lanip };
        const again = decodeAddress(encodeAddress(parts, { profile }), { profile });
        demand(
          JSON.stringify([again.peer, again.lanip]) === JSON.stringify([peer, decoded.lanip]),
          `${formatIPv6(address)}: ${profile.dialect.name} says something else`,
        );
      }
      const around = new Uint8Array(48).fill(GUARD);
      around.set(address, 16);
      layout.writeUnchecked(around, 16, endpoint.address, endpoint.port, lanip & layout.maxLanip);
      demand(layout.readAddress(around, 16) === endpoint.address, 'the address is read back');
      demand(layout.readLanip(around, 16) === (lanip & layout.maxLanip), 'so is the lanip');
      if (layout.acceptsPort(endpoint.port)) {
        demand(layout.readPort(around, 16) === endpoint.port, 'and the port');
        demand(layout.matchesEndpoint(around, 16, endpoint), 'it matches what it was made of');
      }
      const outside = [...around.subarray(0, 24).subarray(0, 16), ...around.subarray(32)];
      demand(
        outside.every((byte) => byte === GUARD),
        'nothing else is written',
      );
    }
  },
};
