/*
 * Targets, as ratios within one run. Each has the value and whether it is reached; a value of NaN was not
 * measured.
 */
import { idAt } from './candidates/ours.mjs';

const BEST = 'linux-all';
const MEGABYTE = 1e6;
const MOST_STREAMS = [16, 64];

const atLeast = (bound) => ({ bound: `≥ ${bound}`, holds: (value) => value >= bound });
const atMost = (bound) => ({ bound: `≤ ${bound}`, holds: (value) => value <= bound });

/**
 * The targets, measured against results.
 *
 * @param revision - the revision that was measured, too, or null
 */
export function judge(results, revision) {
  return [
    ...throughput(results),
    ...latency(results),
    ...many(results),
    ...resources(results),
    ...relaying(results),
    ...(revision === null ? [] : progress(results, revision)),
  ].map(({ name, value, bound, holds }) => ({
    name,
    value,
    bound,
    verdict: Number.isNaN(value) ? 'not measured' : holds(value) ? 'reached' : 'not reached',
  }));
}

function throughput(results) {
  const tcpTo = (candidate) =>
    results.ratio('path', [BEST, 'direct/tcp'], [candidate, 'direct/tcp']);
  return [
    {
      name: 'TCP direct, all offloads, to VXLAN of the kernel',
      value: tcpTo('vxlan'),
      ...atLeast(0.6),
    },
    {
      name: 'the same, to a current wireguard-go, which encrypts',
      value: tcpTo('wireguard'),
      ...atLeast(2.5),
    },
    { name: 'the same, to miredo', value: tcpTo('miredo'), ...atLeast(10) },
    {
      name: 'TCP through the router, to TCP direct',
      value: results.ratio('path', [BEST, 'relayed/tcp'], [BEST, 'direct/tcp']),
      ...atLeast(0.9),
    },
    {
      name: 'CPU seconds of both peers for a gigabyte by TCP direct',
      value: results.median('path', BEST, 'direct/tcpCpu'),
      ...atMost(1.5),
    },
    {
      name: 'UDP of single datagrams of 1200 bytes, to plain veth',
      value: results.ratio('path', [BEST, 'direct/udp'], ['plain', 'direct/udp']),
      ...atLeast(0.95),
    },
  ];
}

function latency(results) {
  const toMiredo = (metric) => results.ratio('path', [BEST, metric], ['miredo', metric]);
  return [
    {
      name: 'round trip of pings 10 ms apart, to miredo',
      value: toMiredo('direct/roundTrip'),
      ...atMost(1.2),
    },
    {
      name: 'round trip of pings back to back, to miredo',
      value: toMiredo('direct/backToBack'),
      ...atMost(1.1),
    },
  ];
}

function many(results) {
  const flows = (metric) => results.median('flows', BEST, metric);
  const toOne = (kind, count) =>
    results.ratio('flows', [BEST, `${kind}-${count}`], [BEST, `${kind}-1`]);
  return [
    ...MOST_STREAMS.flatMap((count) => [
      {
        name: `${count} streams of TCP each way, to one each way`,
        value: toOne('tcp', count),
        ...atLeast(0.9),
      },
      {
        name: `fairness of these ${count} (Jain)`,
        value: flows(`tcp-${count}/fairness`),
        ...atLeast(0.9),
      },
    ]),
    { name: '1000 flows of UDP, to one', value: toOne('udp', 1000), ...atLeast(0.9) },
    {
      name: 'fairness of these 1000 (Jain)',
      value: flows('udp-1000/fairness'),
      ...atLeast(0.9),
    },
  ];
}

function resources(results) {
  const footprint = (metric) => results.median('footprint', BEST, metric);
  const idle = (role) => footprint(`idle/${role}`);
  return [
    {
      name: 'start of a router until it is ready, to `node -e 0`',
      value: footprint('startTimes/router'),
      ...atMost(4),
    },
    {
      name: 'resident memory of an idle peer, MB',
      value: footprint('memory/peer') / MEGABYTE,
      ...atMost(50),
    },
    {
      name: 'idle CPU of the busiest daemon, per cent of a core',
      value: 100 * Math.max(idle('router'), idle('peer')),
      ...atMost(0.5),
    },
  ];
}

function relaying(results) {
  const toReference = (metric) => results.ratio('relay', [BEST, metric], ['reference', metric]);
  return [
    {
      name: 'frames relayed under a flood of single ones of 500 bytes, to the C reference',
      value: toReference('flood-500/relayed'),
      ...atLeast(1.5),
    },
    {
      name: 'router CPU for a frame under that flood, to the C reference',
      value: toReference('flood-500/cpu'),
      ...atMost(0.6),
    },
    {
      name: 'frames relayed when they arrive coalesced, to the C reference',
      value: toReference('coalesced-500/relayed'),
      ...atLeast(5),
    },
  ];
}

function progress(results, revision) {
  const gain = (candidate) =>
    results.ratio('path', [candidate, 'direct/tcp'], [idAt(candidate, revision), 'direct/tcp']);
  return [
    {
      name: `TCP direct without offloads, to ${revision.name}`,
      value: gain('linux-none'),
      ...atLeast(1.5),
    },
    {
      name: `TCP direct with the portable driver, to ${revision.name}`,
      value: gain('portable'),
      ...atLeast(1.3),
    },
  ];
}
