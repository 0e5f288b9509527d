import type { LocalSubnets } from '../address/localSubnets.js';
import type { MachineOutput } from '../machine/output.js';
import type { PathFinder } from '../peering/pathFinder.js';
import type { PeerSettings } from './peerOptions.js';
import type { Uplinks } from './uplinks.js';

/** The parts of one peer that its receiving and sending sides share. */
export interface PeerParts {
  readonly settings: PeerSettings;
  readonly output: MachineOutput;
  readonly uplinks: Uplinks;
  readonly paths: PathFinder;
  readonly localSubnets: LocalSubnets;
}
