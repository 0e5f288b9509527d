import { checkRelay, measureRelay } from '../load/load.mjs';
import { memoryOf } from '../proc.mjs';
import { withSetting } from '../setting.mjs';

const SIZES = [100, 500, 1280];
/** Frames a second that every candidate can take. */
export const FIXED_RATE = 20_000;

const loads = [
  ...SIZES.map((size) => ({ id: `rate-${size}`, size, rate: FIXED_RATE })),
  ...SIZES.map((size) => ({ id: `flood-${size}`, size, rate: 0 })),
  { id: 'flood-500-spread', size: 500, rate: 0, spread: true },
  ...SIZES.map((size) => ({ id: `coalesced-${size}`, size, rate: 0, coalesced: true })),
];

/** Frames that a router relays from one peer to another. */
export const relay = {
  id: 'relay',
  /** TUN offloads do not apply to relayed frames. */
  applies: ({ id, startRouter }) => startRouter !== undefined && !id.startsWith('linux-tun'),
  async measure(lab, candidate, { seconds, short }) {
    // There are many loads with a steady rate: half the time is enough for each.
    const window = seconds / 2;
    const samples = {};
    await withSetting(
      (setting) => candidate.startRouter(lab, setting),
      async ({ programs: { router } }) => {
        await checkRelay(lab);
        for (const load of short ? loads.filter(({ size }) => size === 500) : loads) {
          const { offered, relayed, cpuPerFrame } = await measureRelay(
            lab,
            router.pid,
            load,
            window,
          );
          samples[`${load.id}/offered`] = offered;
          samples[`${load.id}/lost`] = 1 - relayed / offered;
          samples[`${load.id}/relayed`] = relayed;
          samples[`${load.id}/cpu`] = cpuPerFrame;
        }
        samples['memory/router'] = memoryOf(router.pid).peak;
      },
    );
    return samples;
  },
};
