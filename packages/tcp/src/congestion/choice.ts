import { Bbr } from './bbr.js';
import type { CongestionControl, CongestionControlMaker } from './congestionControl.js';
import { Cubic } from './cubic.js';

/** Congestion control by name: {@link Bbr} or {@link Cubic}. */
export type CongestionName = 'bbr' | 'cubic';

const makers: Readonly<Record<CongestionName, CongestionControlMaker>> = {
  bbr: (segmentSize, random) => new Bbr(segmentSize, random),
  cubic: (segmentSize) => new Cubic(segmentSize),
};

/** What makes the congestion control of one connection. */
export function congestionMaker(
  choice: CongestionName | CongestionControlMaker,
  random: () => number,
): (segmentSize: number) => CongestionControl {
  const make = typeof choice === 'string' ? makers[choice] : choice;
  return (segmentSize) => make(segmentSize, random);
}
