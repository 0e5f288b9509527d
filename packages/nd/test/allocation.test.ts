import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { address } from '@6bed4/testing/bytes';
import { Random } from '@6bed4/testing/random';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  AddressTable,
  findOptionOffset,
  flowLabel,
  hidesNd,
  hopLimit,
  isNd,
  NeighborUnreachability,
  neighborAdvertisementView,
  neighborSolicitationView,
  nextHeader,
  payloadLength,
  routerAdvertisementView,
  setHopLimit,
  setTrafficClass,
  trafficClass,
  updateChecksum,
  verifyIcmpv6Checksum,
} from '../src/index.js';
import { OPTION_NONCE, OPTION_SOURCE_LINK_LAYER } from '../src/options/optionCodes.js';
import { frame } from './support/frames.js';

/** Few enough for what they would allocate to stay in the young generation, uncollected. */
const OPERATIONS = 4_000;
const WARM_UP = 50 * OPERATIONS;
/** An object or a text would take 16 bytes at least. */
const LIMIT = 2;

let collectGarbage: () => void;

beforeAll(() => {
  setFlagsFromString('--expose-gc');
  // What is compiled is then ready where it is asked for, however busy the machine is.
  setFlagsFromString('--no-concurrent-recompilation');
  collectGarbage = runInNewContext('gc') as () => void;
});

/** Bytes of heap that an operation leaves behind; the least of a few tries, as others allocate too. */
function allocation(operation: (index: number) => void): number {
  for (let index = 0; index < WARM_UP; index++) operation(index);
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 8; attempt++) {
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let index = 0; index < OPERATIONS; index++) operation(index);
    const after = process.memoryUsage().heapUsed;
    least = Math.min(least, Math.max(0, after - before) / OPERATIONS);
  }
  return least;
}

describe('memory allocation', () => {
  test('is measured, since a loop that makes arrays shows it', () => {
    const kept: Uint8Array[] = [];
    const made = allocation((index) => {
      kept[index % 8] = new Uint8Array(16);
    });
    expect(made).toBeGreaterThan(16);
  });

  test('is none in views, isNd and checksums', () => {
    const solicitation = frame('peer2012, frame 4');
    const advertisement = frame('router2020/rs-even-port, reply');
    const packet = frame('router2020/relay-echo, request').slice();
    const { length } = packet;
    let sum = 0;
    const made = allocation((index) => {
      setHopLimit(packet, 0, index & 0xff);
      setTrafficClass(packet, 0, index & 0xff);
      sum += hopLimit(packet, 0) + trafficClass(packet, 0) + flowLabel(packet, 0);
      sum += nextHeader(packet, 0) + payloadLength(packet, 0);
      sum += updateChecksum(index & 0xffff, 1, 2);
      if (
        isNd(packet, 0, length) ||
        hidesNd(packet, 0, length) ||
        !verifyIcmpv6Checksum(packet, 0, length)
      )
        sum++;
      const options = neighborSolicitationView.optionsOffset(0);
      const end = solicitation.length;
      sum += findOptionOffset(solicitation, options, end, OPTION_SOURCE_LINK_LAYER);
      sum += findOptionOffset(solicitation, options, end, OPTION_NONCE);
      sum += neighborAdvertisementView.solicited(solicitation, 0) ? 1 : 0;
      sum += routerAdvertisementView.routerLifetime(advertisement, 0);
      sum &= 0xffff;
    });
    expect(sum).toBeGreaterThan(0);
    expect(made).toBeLessThan(LIMIT);
  });

  test('is none in a table of addresses and the unreachability detection of its slots', () => {
    const bits = { upperHalf: true, lowerHalf: [-1, -1], neverZero: 0 } as const;
    const table = new AddressTable(64, bits, new Random(3).fraction);
    const detection = new NeighborUnreachability(
      {
        capacity: 64,
        reachableTime: 30,
        delayFirstProbeTime: 5,
        retransTimer: 10,
        maxUnicastSolicit: 3,
      },
      { solicit: () => {}, unreachable: (slot) => table.remove(slot) },
    );
    const packet = new Uint8Array(40);
    packet.set(address('2001:db8::'), 24);
    let sum = 0;
    const made = allocation((index) => {
      packet[39] = index;
      packet[38] = index & 1;
      let slot = table.find(packet, 24);
      if (slot < 0) slot = table.insert(packet, 24);
      if (slot < 0) slot = index & 63;
      if ((index & 7) === 0) detection.confirmed(slot, index);
      detection.sent(slot, index);
      detection.handleTimeout(index);
      sum = (sum + slot + (detection.nextTimeout() < index ? 1 : 0)) & 0xffff;
    });
    expect(sum).toBeGreaterThan(0);
    expect(made).toBeLessThan(LIMIT);
  });
});
