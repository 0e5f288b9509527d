import { memoryOf } from '../proc.mjs';
import { withSetting } from '../setting.mjs';
import { tcpGoodput, udpGoodput } from './iperf.mjs';
import { roundTrip } from './roundTrip.mjs';

const PINGS = 100;
const FEW_PINGS = 20;
/** Seconds of TCP before the measured ones. */
const WARM_UP = 1;

/**
 * Throughput of TCP and UDP and round trips of pings from one host to the other, on each path of a
 * candidate. Round trips are measured before and after, since code that was just loaded is slow in some
 * candidates.
 */
export const path = {
  id: 'path',
  applies: ({ startPath }) => startPath !== undefined,
  async measure(lab, candidate, { seconds, short }) {
    const samples = {};
    for (const way of candidate.paths) {
      await withSetting(
        (setting) => candidate.startPath(lab, setting, way),
        async (setting) => {
          const pings = short ? FEW_PINGS : PINGS;
          samples[`${way}/firstRoundTrip`] = await roundTrip(lab, setting, pings);
          samples[`${way}/tcp`] = await tcpGoodput(lab, setting, seconds, short ? 0 : WARM_UP);
          samples[`${way}/udp`] = await udpGoodput(lab, setting, seconds, candidate.udpPayload);
          samples[`${way}/roundTrip`] = await roundTrip(lab, setting, pings);
          for (const [role, { pid }] of Object.entries(setting.programs)) {
            samples[`memory/${way}/${role}`] = memoryOf(pid).peak;
          }
        },
      );
    }
    return samples;
  },
};
