import { parseIPv6, reference2020, UdpEndpoint } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { Remotes } from '../../src/peering/remotes.js';
import { SilenceWatch } from '../../src/peering/silenceWatch.js';
import { ping } from '../support/packets.js';
import { OWN, remoteAt } from '../support/peerBench.js';

/** A watch of one remote, to which the local side sent first or not. */
function bench(isSentTo = true) {
  const remotes = new Remotes(reference2020.layout, 'address', 1, Math.random, () => {});
  const address = parseIPv6(remoteAt('192.0.2.9:5000'));
  const slot = isSentTo
    ? remotes.createDestination(
        ping(OWN, remoteAt('192.0.2.9:5000')),
        0,
        new UdpEndpoint(1, 5000),
        0,
      )
    : remotes.createSource(address, 0, new UdpEndpoint(1, 5000), 0);
  const watch = new SilenceWatch();
  const silent: number[] = [];
  return {
    silent,
    remotes,
    watch,
    receive: (now: number): void => {
      remotes.received(slot, true, 40, now);
      watch.packetArrived(now);
    },
    /** Runs the timeouts up to a time; returns when the routers were to be solicited. */
    run: (end: number): number[] => {
      const reports: number[] = [];
      for (let at = watch.nextTimeout(); at <= end; at = watch.nextTimeout()) {
        if (watch.handleTimeout(remotes, at, (_, when) => silent.push(when))) reports.push(at);
      }
      return reports;
    },
  };
}

describe('the watch for silence', () => {
  test('does not run before a packet arrived', () => {
    expect(bench().watch.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  test('reports a remote that stopped sending three seconds after its last packets, then rests', () => {
    const { watch, silent, receive, run } = bench();
    for (let now = 0; now <= 4_000; now += 2_000) {
      expect(run(now)).toEqual([]);
      receive(now);
    }
    expect(run(60_000)).toEqual([7_250]);
    expect(silent).toEqual([7_250]);
    expect(watch.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  test('reports one that sent in each quarter of a second for a second already after another', () => {
    const { watch, silent, receive, run } = bench();
    for (let now = 0; now <= 5_000; now += 100) {
      expect(run(now)).toEqual([]);
      receive(now);
    }
    expect(run(60_000)).toEqual([6_250]);
    expect(silent).toEqual([6_250]);
    expect(watch.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  test('is patient with one that sent so often for less than a second', () => {
    const { receive, run } = bench();
    for (let now = 0; now < 750; now += 100) {
      run(now);
      receive(now);
    }
    expect(run(60_000)).toEqual([3_750]);
  });

  test('finds no silence in packets once a second, whenever the watch looks', () => {
    const { receive, run } = bench();
    for (let now = 0; now < 60_000; now += 1_000) {
      expect(run(now)).toEqual([]);
      receive(now);
    }
    const before = bench();
    for (let now = 0; now < 60_000; now += 1_000) {
      before.receive(now);
      expect(before.run(now)).toEqual([]);
    }
  });

  test('counts no solicitation or probe as a packet', () => {
    const { remotes, receive, run } = bench();
    const slot = remotes.find(parseIPv6(remoteAt('192.0.2.9:5000')), 0);
    receive(0);
    for (let now = 0; now < 10_000; now += 500) {
      run(now);
      remotes.signaled(slot, now);
    }
    expect(run(60_000)).toEqual([]);
    receive(100_000);
    expect(run(160_000)).toEqual([103_250]);
  });

  test('reports a second silence no earlier than ten seconds after the first', () => {
    const { silent, receive, run } = bench();
    receive(0);
    expect(run(4_000)).toEqual([3_250]);
    receive(5_000);
    expect(run(60_000)).toEqual([13_250]);
    expect(silent).toEqual([3_250, 8_250]);
  });

  test('goes on where it was when it is called late', () => {
    const { remotes, watch, receive } = bench();
    const slots: number[] = [];
    receive(0);
    expect(watch.handleTimeout(remotes, 100, (slot) => slots.push(slot))).toBe(false);
    watch.handleTimeout(remotes, 2_000, (slot) => slots.push(slot));
    expect(watch.handleTimeout(remotes, 5_000, (slot) => slots.push(slot))).toBe(true);
    expect(slots).toHaveLength(1);
  });

  test('is concerned with a stranger only for as many bytes as came from there', () => {
    const { watch, silent, receive, run } = bench(false);
    // A solicitation of 256 bytes weighs 284 with its headers, each of these packets 68.
    for (let now = 0; now < 4; now++) receive(now);
    expect(run(60_000)).toEqual([]);
    expect(watch.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
    receive(100_000);
    expect(run(160_000)).toEqual([103_250]);
    receive(200_000);
    expect(run(260_000)).toEqual([]);
    for (let now = 0; now < 3; now++) receive(300_000 + now);
    expect(run(360_000)).toEqual([303_250]);
    expect(silent).toEqual([103_250, 303_250]);
  });

  test('is concerned with a stranger who has shown where he is, for no price', () => {
    const { remotes, receive, run } = bench(false);
    remotes.credit.trust(remotes.find(parseIPv6(remoteAt('192.0.2.9:5000')), 0));
    for (const start of [0, 100_000, 200_000]) {
      receive(start);
      expect(run(start + 60_000)).toEqual([start + 3_250]);
    }
  });

  test('ends when it is stopped', () => {
    const { watch, receive, run } = bench();
    receive(0);
    watch.stop();
    expect(run(60_000)).toEqual([]);
  });
});
