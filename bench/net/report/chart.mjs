import { barChart } from './barChart.mjs';
import { format, units } from './metrics.mjs';

const panels = [
  {
    title: 'TCP from peer to peer, direct: Mbit/s, more is better',
    measurement: 'path',
    metric: 'direct/tcp',
    unit: units.megabits,
    // The links themselves carry so much more that the other bars would be indistinguishable.
    without: ['plain'],
  },
  {
    title: 'CPU of the daemons of both ends for a gigabyte of that: seconds, less is better',
    measurement: 'path',
    metric: 'direct/tcpCpu',
    unit: units.perGigabyte,
  },
  {
    title: 'Round trip from peer to peer, direct, pings 10 ms apart: µs, less is better',
    measurement: 'path',
    metric: 'direct/roundTrip',
    unit: units.microseconds,
  },
  {
    title: 'TCP from peer to router to peer: Mbit/s, more is better',
    measurement: 'path',
    metric: 'relayed/tcp',
    unit: units.megabits,
  },
  {
    title: 'Router under a flood of single frames of 500 bytes: thousand relayed a second',
    measurement: 'relay',
    metric: 'flood-500/relayed',
    unit: units.kiloframes,
  },
  {
    title: 'The same when frames arrive coalesced: thousand relayed a second',
    measurement: 'relay',
    metric: 'coalesced-500/relayed',
    unit: units.kiloframes,
  },
  {
    title: 'CPU of the router for a frame under a flood of single ones: µs, less is better',
    measurement: 'relay',
    metric: 'flood-500/cpu',
    unit: units.cpu,
  },
  {
    title: 'Round trip from peer to router to peer: µs, less is better',
    measurement: 'path',
    metric: 'relayed/roundTrip',
    unit: units.microseconds,
  },
];

function barsOf({ measurement, metric, unit, without = [] }, candidates, results) {
  return candidates
    .filter(({ id }) => !without.includes(id))
    .map(({ id, title, family }) => ({ title, family, value: results.of(measurement, id, metric) }))
    .filter(({ value }) => value !== null)
    .map(({ title, family, value }) => {
      return { title, isOurs: family === 'ours', value, label: format(value.median, unit) };
    });
}

/** A chart with a group of bars for each of the main metrics, as an SVG document. */
export function chart(candidates, results) {
  return barChart(
    'Performance of 6bed4. Bars: medians. Lines: least and most.',
    panels.map((panel) => ({ title: panel.title, bars: barsOf(panel, candidates, results) })),
  );
}
