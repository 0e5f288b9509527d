import { draft02Profile, type Profile } from '@6bed4/codec';
import { hostText } from '../proxy/proxyContext.js';
import type { FleetPlan } from './fleetPlan.js';

/** The configuration of the router, for `--config`. */
export function routerConfig(plan: FleetPlan): string {
  const { service, prefix, routes, workers, metrics, dialect } = plan;
  const lines = [
    '# A router of a 6bed4 fleet: /etc/6bed4/fleet.toml',
    '[router]',
    `listen = "${service}"`,
    ...(prefix === undefined ? [] : [`prefix = "${prefix}"`]),
    ...(routes.length === 0 ? [] : [`route = [${routes.map((each) => `"${each}"`).join(', ')}]`]),
    ...(workers === undefined ? [] : [`workers = ${workers}`]),
    ...(dialect === undefined ? [] : [`dialect = "${nameOf(dialect)}"`]),
    ...(metrics === undefined ? [] : [`metrics = "${hostText(metrics.host, metrics.port)}"`]),
  ];
  return `${lines.join('\n')}\n`;
}

/** The name by which `--dialect` knows a profile: draft-02 shares the dialect of another. */
function nameOf(profile: Profile): string {
  return profile === draft02Profile ? profile.name : profile.dialect.name;
}
