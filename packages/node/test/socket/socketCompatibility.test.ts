import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type DatagramPlace,
  oneTunnelPlace,
  systemPlace,
  twoTunnelsPlace,
} from '../support/datagramPlaces.js';
import { Stage, scenarios } from '../support/dgramScenarios.js';
import type { Entry } from '../support/transcript.js';

async function play(
  place: DatagramPlace,
  scenario: (stage: Stage) => Promise<void>,
): Promise<readonly Entry[]> {
  const stage = new Stage(place);
  try {
    await scenario(stage);
  } finally {
    stage.end();
  }
  return stage.log.entries;
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

  test.concurrent.each(Object.entries(scenarios))('%s', { retry: 2 }, async (_name, scenario) => {
    const [ours, theirs] = await Promise.all([play(place, scenario), play(system, scenario)]);
    expect(theirs.length).toBeGreaterThan(0);
    expect(ours).toEqual(theirs);
  });
});
