import { type FleetFamily, type FleetPlan, familiesOf, type Upstream } from './fleetPlan.js';

/** The kernel table of what is announced, and who says so in it: numbers that nothing else uses. */
export const ANNOUNCED_TABLE = 6464;
export const ANNOUNCED_PROTOCOL = 64;

const HEAD = 'log syslog all;';
/** Milliseconds; a neighbor is dead after three that were missed. */
const BFD_INTERVAL = 300;
const BFD_MISSED = 3;

/** The configuration of BIRD on a router. */
export function birdConfig(plan: FleetPlan): string {
  const families = familiesOf(plan);
  const parts = [
    `# BIRD 2 on the router ${plan.ipv4.own} of a 6bed4 fleet: /etc/bird/bird.conf`,
    [HEAD, `router id ${plan.routerId};`, '', 'protocol device { }'].join('\n'),
    ...(plan.bfd ? [bfdProtocol()] : []),
    ANNOUNCED_COMMENT,
    ...families.map((family) => announcedRoutes(plan, family)),
    ...families.flatMap((family) =>
      family.upstreams.map((upstream, index) => session(plan, family, upstream, index + 1)),
    ),
  ];
  return `${parts.join('\n\n')}\n`;
}

const ANNOUNCED_COMMENT = `# What is announced stands in a kernel table of its own, to which the service 6bed4-health adds it while the
# router serves. The table is empty when the computer starts, so that nothing is announced then, and neither a
# new configuration of BIRD nor a new start changes what is announced.`;

/** The protocol by which dead neighbors are noticed. */
export function bfdProtocol(): string {
  return `protocol bfd {
  interface "*" { interval ${BFD_INTERVAL} ms; multiplier ${BFD_MISSED}; };
}`;
}

/** A filter that takes certain prefixes, neither longer nor shorter ones, and nothing else. */
export function filterOf(name: string, prefixes: readonly string[]): string {
  return `filter ${name} {
  if net ~ [ ${prefixes.join(', ')} ] then accept;
  reject;
}`;
}

/** Where default routes are taken, BGP has to use another table than the one that is read. */
function announcedRoutes({ defaultRoute }: FleetPlan, { version, announced }: FleetFamily): string {
  const name = `announced${version}`;
  const parts = [
    `ipv${version} table ${name};`,
    filterOf(`only_${name}`, announced),
    `protocol kernel read_${name} {
  kernel table ${ANNOUNCED_TABLE};
  learn;
  scan time 10;
  ipv${version} { table ${name}; import filter only_${name}; export none; };
}`,
  ];
  if (defaultRoute) {
    parts.push(`protocol pipe offer_${name} {
  table ${name};
  peer table master${version};
  import none;
  export filter only_${name};
}`);
    parts.push(kernelDefault(version));
  }
  return parts.join('\n\n');
}

function kernelDefault(version: 4 | 6): string {
  return `# The default routes of all upstreams, and nothing else, for the kernel.
protocol kernel default${version} {
  merge paths on;
  ipv${version} { import none; export where source = RTS_BGP && net = ${DEFAULT_ROUTE[version]}; };
}`;
}

export const DEFAULT_ROUTE = { 4: '0.0.0.0/0', 6: '::/0' } as const;

function session(plan: FleetPlan, family: FleetFamily, upstream: Upstream, number: number): string {
  const { version, own } = family;
  const { as, defaultRoute } = plan;
  const table = defaultRoute ? `master${version}` : `announced${version}`;
  const imported = defaultRoute ? `import where net = ${DEFAULT_ROUTE[version]}` : 'import none';
  return `protocol bgp upstream${version}_${number} {
  local ${own} as ${as};
  neighbor ${upstream.address} as ${upstream.as};
${sessionSettings(plan)}
  ipv${version} {
    table ${table};
    ${imported};
    export filter only_announced${version};
    next hop self;
  };
}`;
}

/** What both ends of a session need. With graceful restart, routes to a router that is dead would stay. */
export function sessionSettings({ bfd, holdTime, ttlSecurity }: FleetPlan): string {
  const lines = [
    `hold time ${holdTime};`,
    // By default, a session that failed waits for a minute or more.
    'connect delay time 1;',
    'connect retry time 5;',
    'error wait time 1, 10;',
    'graceful restart off;',
    ...(bfd ? ['bfd on;'] : []),
    ...(ttlSecurity ? ['ttl security on;'] : []),
  ];
  return lines.map((line) => `  ${line}`).join('\n');
}
