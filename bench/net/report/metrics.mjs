import { FIXED_RATE } from '../measurements/relay.mjs';

const SIZES = [100, 500, 1280];

/** The unit of a metric, and the format of its values. */
export const units = {
  kiloframes: { name: 'thousand frames/s', scale: 1e-3, digits: 1 },
  kilodatagrams: { name: 'thousand/s', scale: 1e-3, digits: 1 },
  microseconds: { name: 'µs', scale: 1, digits: 0 },
  cpu: { name: 'µs of CPU a frame', scale: 1, digits: 2 },
  perGigabyte: { name: 's/GB', scale: 1, digits: 2 },
  index: { name: 'index', scale: 1, digits: 3 },
  times: { name: '×', scale: 1, digits: 2 },
  megabits: { name: 'Mbit/s', scale: 1e-6, digits: 0 },
  milliseconds: { name: 'ms', scale: 1, digits: 0 },
  percent: { name: '% of a core', scale: 100, digits: 2 },
  share: { name: '%', scale: 100, digits: 2 },
  megabytes: { name: 'MB', scale: 1e-6, digits: 1 },
};

const atRate = (size) => [
  { metric: `rate-${size}/cpu`, title: `${size} bytes`, unit: units.cpu },
  { metric: `rate-${size}/lost`, title: 'lost', unit: units.share },
];
const relayedOf = (load, title) => [
  { metric: `${load}/relayed`, title, unit: units.kiloframes, unlessLost: `${load}/lost` },
  { metric: `${load}/cpu`, title: 'CPU', unit: units.cpu },
];

/** The tables of the report, in order: a row for each candidate, a column for each metric. */
export const tables = [
  {
    measurement: 'relay',
    title: `Router: CPU at ${FIXED_RATE.toLocaleString('en')} frames a second`,
    note: 'Frames of IPv6 packets of the given size, sent singly.',
    columns: SIZES.flatMap(atRate),
  },
  {
    measurement: 'relay',
    title: 'Router: flood of single frames',
    note:
      'Each frame is a datagram of its own when it reaches the router. In the last columns they go ' +
      'to 16 IPv4 addresses in turn, so that no two neighbors can leave together. ≥ marks what relays ' +
      'all that the sender can offer.',
    columns: [
      ...SIZES.flatMap((size) => relayedOf(`flood-${size}`, `${size} bytes`)),
      ...relayedOf('flood-500-spread', '500 bytes, 16 ways'),
    ],
  },
  {
    measurement: 'relay',
    title: 'Router: flood of coalesced frames',
    note: 'The sender hands over many frames at once, and the kernel leaves them together (UDP GSO).',
    columns: SIZES.flatMap((size) => relayedOf(`coalesced-${size}`, `${size} bytes`)),
  },
  {
    measurement: 'path',
    title: 'Peer to peer, direct',
    note:
      'iperf3, one stream of TCP, and UDP with one system call for each datagram of 1200 bytes. CPU seconds for a ' +
      'gigabyte are those of the daemons of both ends, and those of the whole machine, iperf3 among them. ' +
      'Round trips are those of lone pings, 10 ms apart, and of pings back to back, after the streams; and ' +
      'at first, when the daemons have carried nothing yet.',
    columns: pathColumns('direct'),
  },
  {
    measurement: 'path',
    title: 'Peer to router to peer',
    note: 'The same through a router; three daemons, sender and receiver share the cores.',
    columns: pathColumns('relayed'),
  },
  {
    measurement: 'flows',
    title: 'Many streams and flows',
    note:
      'Streams of TCP in both directions at the same time, what all receive together, and flows of UDP with 1200 bytes ' +
      "each, all by the same two programs. The index is Jain's: 1 where all have the same.",
    columns: [
      ...[1, 16, 64].flatMap((count) => [
        { metric: `tcp-${count}`, title: `TCP, ${count} each way`, unit: units.megabits },
        { metric: `tcp-${count}/fairness`, title: 'fairness', unit: units.index },
      ]),
      ...[1, 1000].flatMap((count) => [
        { metric: `udp-${count}`, title: `UDP, ${count}`, unit: units.kilodatagrams },
        { metric: `udp-${count}/fairness`, title: 'fairness', unit: units.index },
      ]),
    ],
  },
  {
    measurement: 'footprint',
    title: 'Start and rest',
    note:
      'Time from the start of the process until it is ready; for a peer that includes the answer of ' +
      'the router. CPU and resident memory of daemons that have nothing to do.',
    columns: ['router', 'peer'].flatMap((role) => [
      { metric: `start/${role}`, title: `${role} ready after`, unit: units.milliseconds },
      { metric: `startTimes/${role}`, title: '`node -e 0`', unit: units.times },
      { metric: `idle/${role}`, title: `${role} idle`, unit: units.percent },
      { metric: `memory/${role}`, title: `${role} memory`, unit: units.megabytes },
    ]),
  },
];

function pathColumns(way) {
  return [
    { metric: `${way}/tcp`, title: 'TCP', unit: units.megabits },
    { metric: `${way}/tcpCpu`, title: 'daemons', unit: units.perGigabyte },
    { metric: `${way}/tcpMachine`, title: 'machine', unit: units.perGigabyte },
    { metric: `${way}/udp`, title: 'UDP', unit: units.megabits },
    { metric: `${way}/udpCpu`, title: 'daemons', unit: units.perGigabyte },
    { metric: `${way}/udpMachine`, title: 'machine', unit: units.perGigabyte },
    { metric: `${way}/roundTrip`, title: 'round trip', unit: units.microseconds },
    { metric: `${way}/backToBack`, title: 'back to back', unit: units.microseconds },
    { metric: `${way}/firstRoundTrip`, title: 'at first', unit: units.microseconds },
  ];
}

/** A value with its unit's digits. */
export const format = (value, { scale, digits }) => (value * scale).toFixed(digits);

/** The share of lost frames below which nothing counts as lost. */
const NEGLIGIBLE = 0.01;

/**
 * A median with its extremes, in a column's unit; with a mark where the candidate relayed all of the load,
 * and could have relayed more, and a star where all rounds were disturbed.
 */
export function cellText(cell, { unit }) {
  if (cell === null) return '';
  const { median, least, most, count, isLimited, isDisturbed } = cell;
  const typical = `${isLimited ? '≥ ' : ''}${format(median, unit)}${isDisturbed ? '\\*' : ''}`;
  return count === 1 ? typical : `${typical} (${format(least, unit)}–${format(most, unit)})`;
}

/** The rows of a table: candidates of which at least one of its metrics was measured. */
export function rowsOf({ measurement, columns }, candidates, results) {
  return candidates
    .map(({ id, title }) => ({
      title,
      cells: columns.map(({ metric, unlessLost }) => {
        const cell = results.of(measurement, id, metric);
        if (cell === null || unlessLost === undefined) return cell;
        return { ...cell, isLimited: results.median(measurement, id, unlessLost) < NEGLIGIBLE };
      }),
    }))
    .filter(({ cells }) => cells.some((cell) => cell !== null));
}
