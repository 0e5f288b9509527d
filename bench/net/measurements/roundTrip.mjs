import { median } from '../statistics.mjs';

const INTERVAL_SECONDS = 0.01;

/** Median round trip of lone pings from left to right, in microseconds. */
export const roundTrip = (lab, { target }, count) =>
  pings(lab, target, count, ['-i', String(INTERVAL_SECONDS)]);

/** Median round trip where each ping follows the answer to the one before it, in microseconds. */
export const backToBack = (lab, { target }, count) => pings(lab, target, count, ['-A']);

async function pings(lab, target, count, words) {
  const options = ['-n', '-c', String(count), '-W', '2', ...words];
  const said = await lab.exec('left', ['ping', ...options, target]);
  const times = [...said.matchAll(/ time=([0-9.]+) ms/g)].map(([, time]) => Number(time) * 1000);
  // The first one resolves neighbors and fills caches.
  return median(times.slice(1));
}
