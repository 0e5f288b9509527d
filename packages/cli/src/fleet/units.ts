import { ANNOUNCED_PROTOCOL, ANNOUNCED_TABLE } from './birdConfig.js';
import { type FleetFile, type FleetPlan, familiesOf } from './fleetPlan.js';

/** The interface that has the service address: nothing has to be made or loaded for it. */
const INTERFACE = 'lo';
const COMMAND = '/usr/bin/6bed4';
const UNITS = 'etc/systemd/system';
const ROUTER = '6bed4-router@fleet.service';
const ADDRESS = '6bed4-anycast.service';
const HEALTH = '6bed4-health.service';
const HOST_BITS: readonly string[] = ['/32', '/128'];
/** The worst of all: what any other route leads elsewhere is not for this one. */
const LAST_METRIC = 4_294_967_295;
/** Seconds in which upstreams take other routes, before the router ends. */
const DRAIN_TIME = 5;
/** Seconds after which a watch that says nothing is ended: it may hang, and leave a router announced that fails. */
const WATCHDOG = 10;

/** The units of systemd that a router of a fleet has besides its own. */
export function unitFiles(plan: FleetPlan): readonly FleetFile[] {
  return [
    { path: `${UNITS}/${ADDRESS}`, text: addressUnit(plan) },
    { path: `${UNITS}/${ROUTER}.d/fleet.conf`, text: ROUTER_DROP_IN },
    { path: `${UNITS}/${HEALTH}`, text: healthUnit(plan) },
  ];
}

const ROUTER_DROP_IN = `# What a router of a fleet has besides its unit: the service address, and an end that loses nothing.
[Unit]
Requires=${ADDRESS}
After=${ADDRESS}

[Service]
ExecStop=-${COMMAND} drain %t/6bed4/%N/%i.sock --wait ${DRAIN_TIME}
TimeoutStopSec=20
`;

function addressUnit(plan: FleetPlan): string {
  const routes = familiesOf(plan).flatMap(({ version, announced }) =>
    announced
      .filter((prefix) => !HOST_BITS.some((bits) => prefix.endsWith(bits)))
      .map((prefix) => `ip -${version} route replace unreachable ${prefix} metric ${LAST_METRIC}`),
  );
  return `[Unit]
Description=Service address of the 6bed4 fleet
Documentation=https://www.npmjs.com/package/6bed4
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=ip address replace ${plan.service}/32 dev ${INTERFACE}
${comment(routes)}${routes.map((route) => `ExecStart=${route}\n`).join('')}ExecStop=ip address delete ${plan.service}/32 dev ${INTERFACE}
${routes.map((route) => `ExecStop=${route.replace('replace', 'delete')}\n`).join('')}
[Install]
WantedBy=multi-user.target
`;
}

function comment(routes: readonly string[]): string {
  return routes.length === 0
    ? ''
    : '# What is announced here and is nowhere else is refused: the default route would send it back to the upstream.\n';
}

function healthUnit(plan: FleetPlan): string {
  const families = familiesOf(plan);
  const up = families.flatMap(({ version, announced }) =>
    announced.map(
      (prefix) =>
        `ip -${version} route replace unreachable ${prefix} table ${ANNOUNCED_TABLE} proto ${ANNOUNCED_PROTOCOL}`,
    ),
  );
  const down = families.map(
    ({ version }) => `ip -${version} route flush table all proto ${ANNOUNCED_PROTOCOL}`,
  );
  return `# Announces the router while it serves: BIRD announces what is in the kernel table ${ANNOUNCED_TABLE}.
[Unit]
Description=Health of the 6bed4 router, and its announcement
Documentation=https://www.npmjs.com/package/6bed4
Wants=bird.service
After=bird.service ${ROUTER}

[Service]
Type=notify
NotifyAccess=main
ExecStart=${COMMAND} health fleet --source ${plan.ipv4.own} --watch --interval 1 --rise 3 --fall 3 \\
  --up "${up.join(' && ')}" \\
  --down "${down.join('; ')}"
# Without this service nobody would notice that the router fails: then it is not announced.
${down.map((line) => `ExecStopPost=${line}\n`).join('')}Restart=always
RestartSec=1
WatchdogSec=${WATCHDOG}
TimeoutAbortSec=1

# Root, for the status of the router and for routes, and little else.
CapabilityBoundingSet=CAP_NET_ADMIN CAP_DAC_OVERRIDE
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateMounts=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
KeyringMode=private
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
SystemCallArchitectures=native
# Not MemoryDenyWriteExecute=: Node.js compiles JavaScript while it runs.

[Install]
WantedBy=multi-user.target
`;
}
