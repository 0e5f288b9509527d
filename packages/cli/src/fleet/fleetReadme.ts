import { reference2020 } from '@6bed4/codec';
import { type FleetFile, type FleetPlan, familiesOf } from './fleetPlan.js';

/** What the files are for, by the end of their paths. */
const PURPOSES: readonly (readonly [path: RegExp, purpose: string])[] = [
  [/^etc\/6bed4\/fleet\.toml$/, 'the router: service address, prefix, routes'],
  [/^etc\/bird\/bird\.conf$/, 'BIRD on the router: announces these prefixes, and never others'],
  [/^etc\/sysctl\.d\//, 'forwarding, and what several upstreams need'],
  [/6bed4-anycast\.service$/, 'the service address, on the interface lo'],
  [/fleet\.conf$/, 'addition to the unit of the router: drains it before it ends'],
  [/6bed4-health\.service$/, 'announces the router while it serves, and withdraws it otherwise'],
  [/^upstream-\d+\/etc\/bird\/bird\.conf$/, 'example for an upstream: sessions and ECMP'],
  [
    /^upstream-\d+\/etc\/bird\/fleet\//,
    'the session of this router there; one file for each router',
  ],
  [/^upstream-\d+\/etc\/sysctl\.d\//, 'ECMP by addresses and ports there'],
];

/** The README of the folder: what each file is, where it goes, and what to type. */
export function fleetReadme(plan: FleetPlan, files: readonly FleetFile[]): string {
  const { service, ipv4, as } = plan;
  const announced = familiesOf(plan).flatMap((family) => family.announced);
  return `# A router of the 6bed4 fleet ${service}

The router ${ipv4.own}, AS ${as}, announces ${announced.join(' and ')} to
${familiesOf(plan)
  .flatMap(({ upstreams }) => upstreams)
  .map((upstream) => `${upstream.address} (AS ${upstream.as})`)
  .join(', ')}.
All files were written by \`6bed4 fleet init\`; run it again for each router, with another \`--own\`.

| file | purpose |
| ---- | ------- |
${files.map(({ path }) => `| \`${path}\` | ${purposeOf(path)} |`).join('\n')}

## On the router

Needed are Linux with systemd, BIRD 2 (\`apt install bird2\`), iproute2 and 6bed4 with its units. What is below \`etc\` goes to
the same path below \`/etc\`. A \`bird.conf\` that is there already is replaced: keep what else it does.
With IPv6 forwarding on, Linux takes no default route from Router Advertisements: if this computer had its own from there, set
\`accept_ra = 2\` for that interface.

\`\`\`sh
sudo cp -r etc/. /etc/
6bed4 check-config /etc/6bed4/fleet.toml
sudo bird -p -c /etc/bird/bird.conf
sudo sysctl -p /etc/sysctl.d/90-6bed4-fleet.conf
sudo systemctl daemon-reload
sudo systemctl enable --now 6bed4-anycast 6bed4-router@fleet
sudo systemctl restart bird
sudo systemctl enable --now 6bed4-health
\`\`\`

Nothing is announced before the last line, and after it only while \`6bed4 health fleet\` finds the router well.

\`\`\`sh
sudo 6bed4 health fleet           # whether it serves
sudo birdc show route all         # what is announced
sudo birdc show protocols         # sessions with upstreams
sudo 6bed4 drain fleet            # announce it no longer; it goes on relaying
sudo 6bed4 drain fleet --resume
\`\`\`

UDP ${(plan.dialect ?? reference2020).port} has to be let in, and TCP 179${plan.bfd ? ' and UDP 3784' : ''} from the upstreams alone.

## On the upstreams

What is below \`upstream-AS/etc\` is an example for upstreams that run BIRD. \`bird.conf\` is the same for all routers of the fleet, and each
router adds its own file to \`/etc/bird/fleet\`. Other routers need the same: a BGP session with each router that takes
these prefixes alone, several paths for each (ECMP, multipath), and flows spread by addresses and ports.
`;
}

function purposeOf(path: string): string {
  return PURPOSES.find(([pattern]) => pattern.test(path))![1];
}
