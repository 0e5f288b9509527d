import { fileURLToPath } from 'node:url';
import { withSetting } from '../setting.mjs';
import { fairness } from '../statistics.mjs';
import { streams } from './iperf.mjs';

const STREAMS = [1, 16, 64];
const FLOWS = [1, 1000];
const PORT = 40_100;
const WARM_UP = 1;

const script = (name) => fileURLToPath(new URL(`../load/${name}.mjs`, import.meta.url));

/**
 * Datagrams of many flows from left to right, all by the same two programs.
 *
 * @returns datagrams a second, and how fairly the flows got them
 */
async function udpFlows(lab, target, count, seconds) {
  const argv = (name, ...words) => [process.execPath, script(name), ...words.map(String)];
  const receiver = lab.spawn('right', argv('receiveFlows', target, PORT));
  await receiver.waitForLine(/^listening/);
  const sent = await lab.exec('left', argv('sendFlows', target, PORT, count, seconds));
  await receiver.stop();
  const { counts } = JSON.parse(receiver.stdout.trim().split('\n').at(-1));
  const perFlow = JSON.parse(sent).ports.map((port) => counts[port] ?? 0);
  return {
    delivered: perFlow.reduce((sum, each) => sum + each, 0) / seconds,
    fairness: fairness(perFlow),
  };
}

/** Many streams in both directions, and many flows of datagrams: none is to starve. */
export const flows = {
  id: 'flows',
  applies: ({ id }) => /^(?:linux-all|plain)\b/.test(id),
  async measure(lab, candidate, { seconds, short }) {
    const samples = {};
    await withSetting(
      (setting) => candidate.startPath(lab, setting, 'direct'),
      async (setting) => {
        if (!short) await streams(lab, setting, 1, WARM_UP);
        for (const count of STREAMS) {
          const { goodput, fairness } = await streams(lab, setting, count, seconds);
          samples[`tcp-${count}`] = goodput;
          samples[`tcp-${count}/fairness`] = fairness;
        }
        for (const count of FLOWS) {
          const { delivered, fairness } = await udpFlows(lab, setting.target, count, seconds);
          samples[`udp-${count}`] = delivered;
          samples[`udp-${count}/fairness`] = fairness;
        }
      },
    );
    return samples;
  },
};
