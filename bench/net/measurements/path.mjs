import { memoryOf } from '../proc.mjs';
import { withSetting } from '../setting.mjs';
import { tcpGoodput, udpGoodput } from './iperf.mjs';
import { roundTrip } from './roundTrip.mjs';

const PINGS = 200;
const FEW_PINGS = 20;

/** What TCP, UDP and pings get from one host to the other, by each way that a candidate has. */
export const path = {
  id: 'path',
  applies: ({ startPath }) => startPath !== undefined,
  async measure(lab, candidate, { seconds, short }) {
    const samples = {};
    for (const way of candidate.paths) {
      await withSetting(
        (setting) => candidate.startPath(lab, setting, way),
        async (setting) => {
          samples[`${way}/roundTrip`] = await roundTrip(lab, setting, short ? FEW_PINGS : PINGS);
          samples[`${way}/tcp`] = await tcpGoodput(lab, setting, seconds);
          samples[`${way}/udp`] = await udpGoodput(lab, setting, seconds, candidate.udpPayload);
          for (const [role, { pid }] of Object.entries(setting.programs)) {
            samples[`memory/${way}/${role}`] = memoryOf(pid).peak;
          }
        },
      );
    }
    return samples;
  },
};
