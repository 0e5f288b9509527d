import { ours } from './ours.mjs';
import { plain } from './plain.mjs';
import { reference2020 } from './reference2020.mjs';
import { wireguard } from './wireguard.mjs';

/**
 * All candidates of the measurements. A candidate has
 * - `id` and `title`; `family`, its project
 * - `missing`: why it cannot be measured here, or null
 * - `startRouter(lab, setting)`, where it has a router that relays
 * - `paths` and `startPath(lab, setting, path)`: the paths from the left host to the right one
 * - `udpPayload`, where a datagram of iperf3 is to be of another size than in a packet of 1280 bytes
 */
export const allCandidates = () => [...ours(), ...reference2020(), ...wireguard(), ...plain()];
