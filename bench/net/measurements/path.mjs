import { withSetting } from '../setting.mjs';
import { tcpGoodput, udpGoodput } from './iperf.mjs';
import { backToBack, roundTrip } from './roundTrip.mjs';

const PINGS = 100;
const FEW_PINGS = 20;
/** Pings that each follow the answer to the one before them: many times as many take no longer. */
const BACK_TO_BACK = 10;
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
          const tcp = await tcpGoodput(lab, setting, seconds, short ? 0 : WARM_UP);
          const udp = await udpGoodput(lab, setting, seconds);
          const hasPrograms = Object.keys(setting.programs).length > 0;
          for (const [name, { goodput, cpu, machine }] of Object.entries({ tcp, udp })) {
            samples[`${way}/${name}`] = goodput;
            samples[`${way}/${name}Machine`] = machine;
            if (hasPrograms) samples[`${way}/${name}Cpu`] = cpu;
          }
          samples[`${way}/roundTrip`] = await roundTrip(lab, setting, pings);
          samples[`${way}/backToBack`] = await backToBack(lab, setting, pings * BACK_TO_BACK);
        },
      );
    }
    return samples;
  },
};
