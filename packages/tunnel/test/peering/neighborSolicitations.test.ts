import { parseIPv6 } from '@6bed4/codec';
import { findOption, type NeighborAdvertisement, parseNd } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import {
  ANY_ATTEMPT,
  NEIGHBOR_SOLICITATION_WEIGHT,
  NeighborSolicitations,
  NO_ATTEMPT,
} from '../../src/peering/neighborSolicitations.js';
import { advertisementFor, remoteAt } from '../support/peerBench.js';
import { endpointAt, FakePeeringHost, type PeeringDatagram } from '../support/peeringHost.js';

const REMOTE_ENDPOINT = '192.0.2.9:5000';
const ANSWER_WINDOW = 3_000;
const FORGERY_WAIT = 60_000;

/** A remote that was solicited, and its answers. */
class Bench {
  readonly host = new FakePeeringHost();
  readonly solicitations: NeighborSolicitations;
  readonly slot = this.host.create(REMOTE_ENDPOINT);

  constructor(requireNonce = false) {
    this.solicitations = new NeighborSolicitations(this.host, this.host.remotes, requireNonce);
    this.solicitations.created(this.slot);
  }

  /** Sends the solicitation of a round with this number. */
  asks(attempt: number, now: number): PeeringDatagram | undefined {
    this.solicitations.prepare(this.slot, attempt);
    this.solicitations.send(this.slot, 0, now);
    return this.host.take()[0];
  }

  answers(solicitation: PeeringDatagram | undefined, now: number, nonce?: Uint8Array | null) {
    const message = solicitation!.message;
    if (message?.type !== 'neighbor-solicitation') throw new Error('no solicitation');
    const overrides = nonce === undefined ? {} : { nonce };
    const bytes = advertisementFor(message, overrides);
    const parsed = parseNd(bytes, 0, bytes.length);
    if (!parsed.ok) throw new Error('not valid');
    const answer = parsed.value as NeighborAdvertisement;
    return this.solicitations.attemptAnswered(this.slot, answer, now);
  }

  bare(solicitation: PeeringDatagram | undefined, now: number): number {
    return this.answers(solicitation, now, null);
  }
}

const nonceIn = (one: PeeringDatagram | undefined): Uint8Array =>
  findOption(one!.message!.options, 'nonce')!.nonce;

describe('a solicitation', () => {
  test('goes to the endpoint in the address of the remote, with the weight that is charged', () => {
    const sent = new Bench().asks(1, 0);
    expect([sent!.to, sent!.ttl, sent!.bytes.length + 28]).toEqual([REMOTE_ENDPOINT, 0, 100]);
    expect(NEIGHBOR_SOLICITATION_WEIGHT).toBe(100);
  });

  test('is not sent without an address of our own, nor without credit', () => {
    const bench = new Bench();
    const to = endpointAt('192.0.2.10:5000');
    const poor = bench.host.remotes.createSource(parseIPv6(remoteAt('192.0.2.10:5000')), 0, to, 0);
    bench.host.remotes.credit.earn(poor, NEIGHBOR_SOLICITATION_WEIGHT - 1);
    expect(bench.solicitations.affords(poor)).toBe(false);
    expect(bench.solicitations.sendWith(poor, new Uint8Array(6), to, 0)).toBe(false);
    bench.host.remotes.credit.earn(poor, 1);
    expect(bench.solicitations.affords(poor)).toBe(true);
    bench.host.own = null;
    expect(bench.solicitations.sendWith(poor, new Uint8Array(6), to, 0)).toBe(false);
    bench.solicitations.send(bench.slot, 0, 0);
    expect(bench.host.take()).toEqual([]);
    bench.host.own = new FakePeeringHost().own;
    expect(bench.solicitations.sendWith(poor, new Uint8Array(6), to, 0)).toBe(true);
    expect(bench.solicitations.affords(poor)).toBe(false);
  });

  test('that was not sent is answered by nothing', () => {
    const bench = new Bench();
    const sent = bench.asks(1, 0);
    bench.solicitations.restart(bench.slot);
    bench.host.own = null;
    expect(bench.asks(1, 10)).toBeUndefined();
    expect(bench.bare(sent, 10)).toBe(NO_ATTEMPT);
  });

  test('has the nonce of its round, and its number', () => {
    const bench = new Bench();
    const [one, two, next] = [bench.asks(1, 0), bench.asks(2, 500), bench.asks(1, 1_000)].map(
      nonceIn,
    );
    expect([one![5], two![5], next![5]]).toEqual([1, 2, 1]);
    expect(two!.subarray(0, 5)).toEqual(one!.subarray(0, 5));
    expect(next!.subarray(0, 5)).not.toEqual(one!.subarray(0, 5));
  });
});

describe('an advertisement with our nonce', () => {
  test('answers the solicitation whose number it has, for three seconds after the last one', () => {
    const bench = new Bench();
    const one = bench.asks(1, 0);
    const two = bench.asks(2, 500);
    expect(bench.answers(one, 500 + ANSWER_WINDOW)).toBe(1);
    expect(bench.answers(two, 500 + ANSWER_WINDOW)).toBe(2);
    expect(bench.answers(two, 501 + ANSWER_WINDOW)).toBe(NO_ATTEMPT);
  });

  test('answers none when it has a number that was not given', () => {
    const bench = new Bench();
    const nonce = nonceIn(bench.asks(1, 0)).slice();
    const sent = bench.asks(2, 500);
    const answered = [0, 1, 2, 3].map((number) => {
      nonce[5] = number;
      return bench.answers(sent, 600, nonce);
    });
    expect(answered).toEqual([NO_ATTEMPT, 1, 2, NO_ATTEMPT]);
  });

  test('makes its remote repeat nonces from then on, until its slot is given to another', () => {
    const bench = new Bench();
    const sent = bench.asks(1, 0);
    expect(bench.answers(sent, 20)).toBe(1);
    expect(bench.bare(sent, 20)).toBe(NO_ATTEMPT);
    bench.solicitations.restart(bench.slot);
    expect(bench.bare(bench.asks(1, 100), 120)).toBe(NO_ATTEMPT);
    bench.solicitations.created(bench.slot);
    expect(bench.bare(bench.asks(1, 200), 220)).toBe(ANY_ATTEMPT);
  });

  test('ends the wait of one without', () => {
    const bench = new Bench();
    const sent = bench.asks(1, 0);
    bench.solicitations.hold(bench.slot);
    expect(bench.answers(sent, 20)).toBe(1);
    expect(bench.solicitations.takeHeld(bench.slot)).toBe(false);
  });

  test('shows the round trip of the solicitation that it answers', () => {
    const { solicitations, slot, ...bench } = new Bench();
    solicitations.prepare(slot, 3);
    solicitations.send(slot, 0, 1_000);
    expect(bench.host.take()).toHaveLength(1);
    const roundTrips = [1, 2, 3, ANY_ATTEMPT].map((one) =>
      solicitations.roundTrip(slot, one, 1_020),
    );
    expect(roundTrips).toEqual([1_020, 520, 20, 20]);
  });
});

describe('an advertisement without a nonce', () => {
  test('answers one solicitation of the last three seconds', () => {
    const bench = new Bench();
    const sent = bench.asks(1, 0);
    expect(bench.bare(sent, ANSWER_WINDOW)).toBe(ANY_ATTEMPT);
    expect(bench.bare(sent, ANSWER_WINDOW)).toBe(NO_ATTEMPT);
    const late = new Bench();
    expect(late.bare(late.asks(1, 0), ANSWER_WINDOW + 1)).toBe(NO_ATTEMPT);
  });

  test('answers each solicitation of a round once', () => {
    const bench = new Bench();
    bench.asks(1, 0);
    const sent = bench.asks(2, 500);
    const answered = [510, 520, 530].map((now) => bench.bare(sent, now));
    expect(answered).toEqual([ANY_ATTEMPT, ANY_ATTEMPT, NO_ATTEMPT]);
  });

  test('does not answer a solicitation of an earlier round', () => {
    const bench = new Bench();
    bench.asks(1, 0);
    const sent = bench.asks(1, ANSWER_WINDOW + 1);
    const answered = [3_010, 3_020].map((now) => bench.bare(sent, now));
    expect(answered).toEqual([ANY_ATTEMPT, NO_ATTEMPT]);
    const anew = new Bench();
    anew.asks(1, 0);
    anew.solicitations.restart(anew.slot);
    const again = anew.asks(1, 100);
    expect([110, 120].map((now) => anew.bare(again, now))).toEqual([ANY_ATTEMPT, NO_ATTEMPT]);
  });

  test('that answers nothing makes none count for a minute, and ends the wait of one', () => {
    const bench = new Bench();
    const sent = bench.asks(1, 0);
    bench.solicitations.hold(bench.slot);
    bench.bare(sent, 10);
    expect(bench.bare(sent, 20)).toBe(NO_ATTEMPT);
    expect(bench.solicitations.takeHeld(bench.slot)).toBe(false);
    const end = 20 + FORGERY_WAIT;
    const next = bench.asks(1, end - 10);
    expect(bench.bare(next, end - 1)).toBe(NO_ATTEMPT);
    expect(bench.bare(next, end)).toBe(ANY_ATTEMPT);
  });

  test('that answered nothing says nothing about the next remote with the same slot', () => {
    const bench = new Bench();
    bench.bare(bench.asks(1, 0), ANSWER_WINDOW + 1);
    bench.solicitations.created(bench.slot);
    expect(bench.bare(bench.asks(1, 4_000), 4_010)).toBe(ANY_ATTEMPT);
  });

  test('never answers where options require a nonce', () => {
    const bench = new Bench(true);
    const sent = bench.asks(1, 0);
    expect([bench.bare(sent, 10), bench.answers(sent, 10)]).toEqual([NO_ATTEMPT, 1]);
  });

  test('waits until it is taken, once, or its remote is begun anew with', () => {
    const { solicitations, slot } = new Bench();
    expect(solicitations.takeHeld(slot)).toBe(false);
    solicitations.hold(slot);
    expect([solicitations.takeHeld(slot), solicitations.takeHeld(slot)]).toEqual([true, false]);
    solicitations.hold(slot);
    solicitations.restart(slot);
    expect(solicitations.takeHeld(slot)).toBe(false);
  });
});

test('remotes keep their own solicitations while the table grows', () => {
  const bench = new Bench();
  const sent = bench.asks(1, 0);
  bench.solicitations.hold(bench.slot);
  bench.solicitations.grow(128);
  expect(bench.solicitations.takeHeld(bench.slot)).toBe(true);
  expect(bench.bare(sent, 10)).toBe(ANY_ATTEMPT);
  expect(bench.answers(sent, 10)).toBe(1);
});
