import { median } from '../statistics.mjs';

const INTERVAL_SECONDS = 0.01;

/** Median round trip of lone pings from left to right, in microseconds. */
export async function roundTrip(lab, { target }, count) {
  const options = ['-n', '-c', String(count), '-i', String(INTERVAL_SECONDS), '-W', '2'];
  const said = await lab.exec('left', ['ping', ...options, target]);
  const times = [...said.matchAll(/ time=([0-9.]+) ms/g)].map(([, time]) => Number(time) * 1000);
  // The first one resolves neighbors and fills caches.
  return median(times.slice(1));
}
