import { birdConfig } from './birdConfig.js';
import type { FleetFile, FleetPlan } from './fleetPlan.js';
import { fleetReadme } from './fleetReadme.js';
import { routerConfig } from './routerConfig.js';
import { unitFiles } from './units.js';
import { upstreamFiles } from './upstreamConfig.js';

const ROUTING = `# A router of a 6bed4 fleet: /etc/sysctl.d/90-6bed4-fleet.conf
net.ipv6.conf.all.forwarding = 1
# No other computer of the link is told that the service address is here: it is reached by routes alone.
net.ipv4.conf.all.arp_ignore = 1
net.ipv4.conf.all.arp_announce = 2
# Packets may come by one upstream and be answered by another.
net.ipv4.conf.all.rp_filter = 2
# Flows are spread over several default routes by addresses and ports.
net.ipv4.fib_multipath_hash_policy = 1
net.ipv6.fib_multipath_hash_policy = 1
`;

/** All files of a router of a fleet, of which those below `etc` go to the same paths below `/etc`. */
export function fleetFiles(plan: FleetPlan): readonly FleetFile[] {
  const files = [
    { path: 'etc/6bed4/fleet.toml', text: routerConfig(plan) },
    { path: 'etc/bird/bird.conf', text: birdConfig(plan) },
    { path: 'etc/sysctl.d/90-6bed4-fleet.conf', text: ROUTING },
    ...unitFiles(plan),
    ...upstreamFiles(plan),
  ];
  return [{ path: 'README.md', text: fleetReadme(plan, files) }, ...files];
}
