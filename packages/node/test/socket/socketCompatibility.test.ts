import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type DatagramPlace,
  oneTunnelPlace,
  systemPlace,
  twoTunnelsPlace,
} from '../support/datagramPlaces.js';
import { Bench, scenarios } from '../support/dgramScenarios.js';
import type { Entry } from '../support/transcript.js';

async function transcriptOf(
  place: DatagramPlace,
  scenario: (bench: Bench) => Promise<void>,
  attempt: number,
): Promise<readonly Entry[]> {
  const bench = new Bench(place, attempt);
  try {
    await scenario(bench);
  } finally {
    bench.end();
  }
  return bench.log.entries;
}

describe.each([
  ['one tunnel', () => oneTunnelPlace()],
  ['one tunnel and ::1', () => oneTunnelPlace('::1')],
  ['two tunnels', () => twoTunnelsPlace()],
])('a program for node:dgram sees the same with sockets of %s', (_title, open) => {
  let place: DatagramPlace;
  let system: DatagramPlace;

  beforeAll(async () => {
    [place, system] = [await open(), await systemPlace()];
  });

  afterAll(() => place.close());

  const attempts = new Map<string, number>();

  test.concurrent.each(Object.entries(scenarios))('%s', { retry: 2 }, async (name, scenario) => {
    const attempt = (attempts.get(name) ?? 0) + 1;
    attempts.set(name, attempt);
    const [ours, theirs] = await Promise.all([
      transcriptOf(place, scenario, attempt),
      transcriptOf(system, scenario, attempt),
    ]);
    expect(theirs.length).toBeGreaterThan(0);
    expect(ours).toEqual(theirs);
  });
});
