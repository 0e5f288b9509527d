import { bfdProtocol, DEFAULT_ROUTE, filterOf, sessionSettings } from './birdConfig.js';
import { type FleetFamily, type FleetFile, type FleetPlan, familiesOf } from './fleetPlan.js';

const ROUTING = `# The upstream of a 6bed4 fleet: /etc/sysctl.d/90-6bed4-upstream.conf
net.ipv4.ip_forward = 1
net.ipv6.conf.all.forwarding = 1
# Flows are spread by addresses and ports; by addresses alone, all peers behind one NAT would share a router.
net.ipv4.fib_multipath_hash_policy = 1
net.ipv6.fib_multipath_hash_policy = 1
`;

/** The files for an upstream that runs BIRD: what all routers of the fleet share, and a file for each router. */
export function upstreamFiles(plan: FleetPlan): readonly FleetFile[] {
  const numbers = new Set(
    familiesOf(plan).flatMap(({ upstreams }) => upstreams.map(({ as }) => as)),
  );
  return [...numbers].flatMap((as) => {
    const folder = `upstream-${as}/etc`;
    return [
      { path: `${folder}/bird/bird.conf`, text: commonConfig(plan, as) },
      { path: `${folder}/bird/fleet/${plan.ipv4.own}.conf`, text: routerSessions(plan, as) },
      { path: `${folder}/sysctl.d/90-6bed4-upstream.conf`, text: ROUTING },
    ];
  });
}

function familiesAt(plan: FleetPlan, as: number): readonly FleetFamily[] {
  return familiesOf(plan).filter(({ upstreams }) => upstreams.some((one) => one.as === as));
}

function commonConfig(plan: FleetPlan, as: number): string {
  const parts = [
    `# BIRD 2 on an upstream of a 6bed4 fleet, AS ${as}: /etc/bird/bird.conf
# The files of its routers are in /etc/bird/fleet. BIRD takes the lowest IPv4 address of this computer as its router id.`,
    'log syslog all;\n\nprotocol device { }',
    ...(plan.bfd ? [bfdProtocol()] : []),
    ...familiesAt(plan, as).flatMap((family) => [
      filterOf(`fleet${family.version}_prefixes`, family.announced),
      multipath(plan, family),
      template(plan, family, as),
    ]),
    'include "fleet/*.conf";',
  ];
  return `${parts.join('\n\n')}\n`;
}

/** Routes by all routers at the same time; the default route of this computer is only read, to be offered. */
function multipath({ defaultRoute }: FleetPlan, { version }: FleetFamily): string {
  const imported = defaultRoute ? `import where net = ${DEFAULT_ROUTE[version]}` : 'import none';
  return `protocol kernel kernel${version} {
  merge paths on limit 64;${defaultRoute ? '\n  learn;' : ''}
  ipv${version} { ${imported}; export where source = RTS_BGP; };
}`;
}

function template(plan: FleetPlan, { version, announced }: FleetFamily, as: number): string {
  const exported = plan.defaultRoute
    ? `export where net = ${DEFAULT_ROUTE[version]}`
    : 'export none';
  return `template bgp fleet${version} {
  local as ${as};
${sessionSettings(plan)}
  ipv${version} {
    import filter fleet${version}_prefixes;
    import limit ${announced.length} action block;
    ${exported};
    next hop self;
  };
}`;
}

function routerSessions(plan: FleetPlan, as: number): string {
  const sessions = familiesAt(plan, as).map(
    ({
      version,
      own,
    }) => `protocol bgp router_${own.replaceAll(/[.:]/g, '_')} from fleet${version} {
  neighbor ${own} as ${plan.as};
}`,
  );
  return `# The router ${plan.ipv4.own} of a 6bed4 fleet: /etc/bird/fleet/${plan.ipv4.own}.conf\n\n${sessions.join('\n\n')}\n`;
}
