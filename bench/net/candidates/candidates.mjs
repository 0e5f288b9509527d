import { miredo } from './miredo.mjs';
import { ours } from './ours.mjs';
import { plain } from './plain.mjs';
import { reference2020 } from './reference2020.mjs';
import { vxlan } from './vxlan.mjs';
import { wireguard } from './wireguard.mjs';
import { yggdrasil } from './yggdrasil.mjs';

/** Puts each beside its counterpart, so that nothing that changes with time comes between them. */
const pairs = (these, those) => these.flatMap((each, index) => [each, those[index]]);

/**
 * All candidates of the measurements. A candidate has
 * - `id` and `title`; `family`, its project
 * - `missing`: why it cannot be measured here, or null
 * - `startRouter(lab, setting)`, where it has a router that relays
 * - `paths` and `startPath(lab, setting, path)`: the paths from the left host to the right one
 *
 * @param revision - a revision to compare with, or null
 */
export const allCandidates = (revision) => [
  ...(revision === null ? ours() : pairs(ours(), ours(revision))),
  ...miredo(),
  ...reference2020(),
  ...wireguard(),
  ...yggdrasil(),
  ...vxlan(),
  ...plain(),
];
