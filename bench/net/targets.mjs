/*
 * Targets of the Linux driver, as ratios within one run. Each has the value and whether it is reached; a
 * value of NaN was not measured.
 */
const BEST = 'linux-all';
const MEGABYTE = 1e6;

const atLeast = (bound) => ({ bound: `≥ ${bound}`, holds: (value) => value >= bound });
const atMost = (bound) => ({ bound: `≤ ${bound}`, holds: (value) => value <= bound });

/** The targets, measured against results. */
export function judge(results) {
  const path = (candidate, metric) => results.median('path', candidate, metric);
  const relay = (candidate, metric) => results.median('relay', candidate, metric);
  const tcp = path(BEST, 'direct/tcp');
  const addedBy = (candidate) =>
    path(candidate, 'relayed/roundTrip') - path('plain', 'direct/roundTrip');
  const idle = (role) => results.median('footprint', BEST, `idle/${role}`);
  return [
    {
      name: 'TCP direct, all offloads, to plain UDP of the same packet size',
      value: tcp / path('plain', 'direct/udp'),
      ...atLeast(2.5),
    },
    {
      name: 'TCP direct, no offloads, to plain UDP of the same packet size',
      value: path('linux-none', 'direct/tcp') / path('plain', 'direct/udp'),
      ...atLeast(0.55),
    },
    {
      name: 'TCP direct, all offloads, to TCP through the C reference',
      value: tcp / path('reference', 'relayed/tcp'),
      ...atLeast(25),
    },
    {
      name: 'TCP direct, all offloads, to TCP through wireguard-go, which encrypts',
      value: tcp / path('wireguard', 'direct/tcp'),
      ...atLeast(10),
    },
    {
      name: 'TCP through the router, all offloads, to the C reference',
      value: path(BEST, 'relayed/tcp') / path('reference', 'relayed/tcp'),
      ...atLeast(10),
    },
    {
      name: 'frames relayed under a flood of single ones of 500 bytes, to the C reference',
      value: relay(BEST, 'flood-500/relayed') / relay('reference', 'flood-500/relayed'),
      ...atLeast(1.5),
    },
    {
      name: 'router CPU for a frame under that flood, to the C reference',
      value: relay(BEST, 'flood-500/cpu') / relay('reference', 'flood-500/cpu'),
      ...atMost(0.6),
    },
    {
      name: 'frames relayed when they arrive coalesced, to the C reference',
      value: relay(BEST, 'coalesced-500/relayed') / relay('reference', 'coalesced-500/relayed'),
      ...atLeast(5),
    },
    {
      name: 'round trip added by peer, router and peer, to the C reference',
      value: addedBy(BEST) / addedBy('reference'),
      ...atMost(1.2),
    },
    {
      name: 'idle CPU of the busiest daemon, per cent of a core',
      value: 100 * Math.max(idle('router'), idle('peer')),
      ...atMost(0.5),
    },
    {
      name: 'most resident memory of a daemon, MB',
      value: results.highest(BEST, 'memory/') / MEGABYTE,
      ...atMost(120),
    },
  ].map(({ name, value, bound, holds }) => ({
    name,
    value,
    bound,
    verdict: Number.isNaN(value) ? 'not measured' : holds(value) ? 'reached' : 'not reached',
  }));
}
