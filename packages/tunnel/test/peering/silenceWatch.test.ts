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
    /** When the remote was said to have fallen silent. */
    silent,
    remotes,
    watch,
    receive: (now: number): void => {
      remotes.received(slot, true, 40, now);
      watch.packetArrived(now);
    },
    /** Runs the timeouts up to a time; returns when the routers were to be solicited, or, negative, sent a keepalive. */
    run: (end: number): number[] => {
      const reports: number[] = [];
      const listener = {
        remoteSilent: (_slot: number, at: number) => silent.push(at),
        silence: (mayAsk: boolean, at: number) => reports.push(mayAsk ? at : -at),
      };
      for (let at = watch.nextTimeout(); at <= end; at = watch.nextTimeout()) {
        watch.handleTimeout(remotes, listener, at);
      }
      return reports;
    },
  };
}

describe('the watch for silence', () => {
  test('does not run before a packet arrived', () => {
    expect(bench().watch.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  test('reports a remote that stopped sending once, then rests', () => {
    const { watch, receive, run, silent } = bench();
    for (let now = 0; now < 5_000; now += 1_000) {
      receive(now);
      expect(run(now)).toEqual([]);
    }
    expect(run(60_000)).toEqual([5_250]);
    expect(silent).toEqual([5_250]);
    expect(watch.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  test('has the routers solicited for three silences at once, and then each ten seconds', () => {
    const { receive, run, silent } = bench();
    for (const start of [0, 2_000, 4_000]) {
      receive(start);
      expect(run(start + 1_500)).toEqual([start + 1_250]);
    }
    receive(6_000);
    expect(run(60_000)).toEqual([-7_250, 11_250]);
    expect(silent).toEqual([1_250, 3_250, 5_250, 7_250]);
  });

  test('is not deceived by what silence makes the remote send', () => {
    const { remotes, receive, run, silent } = bench();
    receive(0);
    expect(run(1_300)).toHaveLength(1);
    remotes.signaled(0, 1_310);
    expect(run(60_000)).toEqual([]);
    expect(silent).toEqual([1_250]);
  });

  test('is concerned with a stranger only for as many bytes as came from there', () => {
    const { watch, receive, run } = bench(false);
    // A solicitation of 256 bytes weighs 284 with its headers, each of these packets 68.
    for (let now = 0; now < 4; now++) receive(now);
    expect(run(60_000)).toEqual([]);
    expect(watch.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
    receive(100_000);
    expect(run(160_000)).toEqual([101_250]);
    receive(200_000);
    expect(run(260_000)).toEqual([]);
    for (let now = 0; now < 3; now++) receive(300_000 + now);
    expect(run(360_000)).toEqual([301_500]);
  });

  test('is concerned with a stranger who has shown where he is, for no price', () => {
    const { remotes, receive, run } = bench(false);
    remotes.credit.trust(remotes.find(parseIPv6(remoteAt('192.0.2.9:5000')), 0));
    for (const start of [0, 100_000, 200_000]) {
      receive(start);
      expect(run(start + 60_000)).toEqual([start + 1_250]);
    }
  });

  test('ends when it is stopped', () => {
    const { watch, receive, run } = bench();
    receive(0);
    watch.stop();
    expect(run(60_000)).toEqual([]);
  });
});
