import { ROUTER_IPV4 } from './internet.js';
import { Lab } from './lab.js';

/** The public IPv4 address of a side's outermost box, or of its peer where there is none. */
export const PUBLIC = { left: '198.51.100.11', right: '198.51.100.12' } as const;

/** Local UDP ports of the peers: fixed where something on the way has to know them. */
export const PEER_PORT = { left: 40_000, right: 40_002 } as const;

/** One of the two peers. */
export type Side = 'left' | 'right';

/** What stands between a peer and the Internet. */
export type Box =
  /** Nothing: a public address. */
  | 'none'
  /** nftables masquerade: endpoint-independent mapping while ports do not collide, filtering by
   * address and port (RFC 4787 §4.1, §5). */
  | 'masquerade'
  /** Another port for every destination: address- and port-dependent mapping. */
  | 'fully-random'
  /** Masquerade to one port that is not the peer's own: still endpoint-independent mapping. */
  | 'other-port'
  /** Whoever sends to a mapped port gets in: endpoint-independent filtering, "full cone". */
  | 'full-cone'
  /** Masquerade, and the peer's port is forwarded to it: anybody gets in. */
  | 'forwarding'
  /** The same where all that is not an answer gets another port for every destination. */
  | 'forwarding-random'
  /** Masquerade behind masquerade. */
  | 'two-levels'
  /** Masquerade that lets UDP pass to the router only. */
  | 'router-only';

/** Both peers behind one masquerade: on one LAN, or on two that it routes between. */
export interface SharedPlace {
  readonly shared: 'lan' | 'two-lans';
  /** How the box turns back what is for its own outside (RFC 4787 §6); default: not at all. */
  readonly hairpin?: Hairpin;
  /** The LAN carries no multicast, as many wireless ones do not. */
  readonly withoutMulticast?: boolean;
}

/**
 * Whether what is turned back seems to come from the outside of the sender, or still from its inside.
 *
 * Linux never turns back by itself: its masquerade knows a mapping only together with the remote that
 * it is for, so that what comes to the mapped port from inside matches nothing, and is for the box
 * itself. Two rules are needed: one for the destination, and one for the source. Without the second
 * the receiver sees a private source, and on one LAN answers past the box.
 */
export type Hairpin = 'external-source' | 'internal-source';

/** Who of them is where. */
export type Place =
  | {
      readonly left: Box;
      readonly right: Box;
      /** Something on the Internet drops UDP between the two, but not to the router. */
      readonly blocked?: boolean;
    }
  | SharedPlace;

const INSIDE = { left: '10.0.1', right: '10.0.2' } as const;

/**
 * As on any home router, nothing from outside is for the box itself. That matters to more than itself:
 * where Linux accepts a stray packet, its connection tracking keeps the port that the packet came to,
 * and maps the peer behind it to another one when that sends to the same place.
 */
export async function refuseInput(lab: Lab, label: string): Promise<void> {
  await lab.nft(
    label,
    `table ip input {
      chain inbound {
        type filter hook input priority filter;
        iifname "eth0" ct state new drop
      }
    }`,
  );
}

/** The nftables rules of a box besides its masquerade and what it refuses. */
function rulesOf(side: Side, box: Box): string | null {
  const inside = `${INSIDE[side]}.2`;
  const port = PEER_PORT[side];
  switch (box) {
    case 'forwarding':
    case 'forwarding-random':
      return `table ip forwarding {
        chain inbound {
          type nat hook prerouting priority dstnat;
          iifname "eth0" udp dport ${port} dnat to ${inside}:${port}
        }
      }`;
    case 'full-cone':
      // Masquerade keeps ports, so the inner port is that to which everybody may send. It is noted
      // before its address is translated.
      return `table ip cone {
        map owners {
          type inet_service : ipv4_addr . inet_service
          flags dynamic,timeout
          timeout 5m
        }
        chain learn {
          type filter hook postrouting priority srcnat - 1;
          oifname "eth0" ip protocol udp update @owners { udp sport : ip saddr . udp sport }
        }
        chain inbound {
          type nat hook prerouting priority dstnat;
          iifname "eth0" dnat ip to udp dport map @owners
        }
      }`;
    case 'router-only':
      return `table ip firewall {
        chain through {
          type filter hook forward priority filter;
          ip protocol udp ip saddr != ${ROUTER_IPV4} ip daddr != ${ROUTER_IPV4} drop
        }
      }`;
    default:
      return null;
  }
}

/** Public port of a box of the kind `other-port`, unless told otherwise. */
export const OTHER_PORT = 50_000;

/** Loads the masquerade and whatever else a box does, in place of what was there. */
export async function loadBox(
  lab: Lab,
  side: Side,
  box: Box,
  otherPort = OTHER_PORT,
): Promise<void> {
  const label = `${side}Nat`;
  await lab.exec(label, ['nft', 'flush', 'ruleset']);
  await lab.masquerade(label, 'eth0', {
    fullyRandom: box === 'fully-random' || box === 'forwarding-random',
    ...(box === 'other-port' ? { udpPort: otherPort } : {}),
  });
  await refuseInput(lab, label);
  const rules = rulesOf(side, box);
  if (rules !== null) await lab.nft(label, rules);
}

async function placeBehind(lab: Lab, side: Side, box: Box): Promise<void> {
  await lab.host(side);
  if (box === 'none') {
    await lab.attach(side, `${PUBLIC[side]}/24`);
    return;
  }
  const label = `${side}Nat`;
  await lab.host(label);
  await lab.attach(label, `${PUBLIC[side]}/24`);
  const net = INSIDE[side];
  if (box === 'two-levels') {
    await lab.host(`${side}Home`);
    await lab.link([label, 'lan', '100.64.0.1/24'], [`${side}Home`, 'eth0', '100.64.0.2/24']);
    await lab.ip(`${side}Home`, 'route add default via 100.64.0.1');
    await lab.masquerade(`${side}Home`, 'eth0');
    await refuseInput(lab, `${side}Home`);
    await lab.link([`${side}Home`, 'lan', `${net}.1/24`], [side, 'eth0', `${net}.2/24`]);
  } else {
    await lab.link([label, 'lan', `${net}.1/24`], [side, 'eth0', `${net}.2/24`]);
  }
  await lab.ip(side, `route add default via ${net}.1`);
  await loadBox(lab, side, box);
}

async function placeTogether(lab: Lab, place: SharedPlace): Promise<void> {
  const isOneLan = place.shared === 'lan';
  await lab.host('leftNat');
  await lab.attach('leftNat', `${PUBLIC.left}/24`);
  await lab.masquerade('leftNat', 'eth0');
  await refuseInput(lab, 'leftNat');
  const nets = isOneLan ? { left: INSIDE.left, right: INSIDE.left } : INSIDE;
  const hosts = { left: `${nets.left}.2`, right: `${nets.right}.3` };
  if (isOneLan) {
    await lab.ip('leftNat', 'link add name lan type bridge stp_state 0 mcast_snooping 0');
    await lab.address('leftNat', 'lan', `${INSIDE.left}.1/24`);
  }
  for (const side of ['left', 'right'] as const) {
    await lab.host(side);
    const address = `${hosts[side]}/24`;
    if (isOneLan) {
      await lab.link(['leftNat', `${side}Port`], [side, 'eth0', address]);
      await lab.ip('leftNat', `link set ${side}Port master lan`);
      if (place.withoutMulticast === true) {
        await lab.ip('leftNat', `link set ${side}Port type bridge_slave mcast_flood off`);
      }
    } else {
      await lab.link(['leftNat', `${side}Port`, `${nets[side]}.1/24`], [side, 'eth0', address]);
    }
    await lab.ip(side, `route add default via ${nets[side]}.1`);
  }
  if (place.hairpin !== undefined) await turnBack(lab, place.hairpin, hosts);
}

/** Makes the shared box turn back what comes from inside for its own outside. */
async function turnBack(
  lab: Lab,
  hairpin: Hairpin,
  hosts: Readonly<Record<Side, string>>,
): Promise<void> {
  await lab.nft(
    'leftNat',
    `table ip hairpin {
      chain inbound {
        type nat hook prerouting priority dstnat;
        iifname != "eth0" ip daddr ${PUBLIC.left} udp dport ${PEER_PORT.left} dnat to ${hosts.left}
        iifname != "eth0" ip daddr ${PUBLIC.left} udp dport ${PEER_PORT.right} dnat to ${hosts.right}
      }
    }`,
  );
  if (hairpin === 'internal-source') return;
  await lab.nft(
    'leftNat',
    `table ip turned {
      chain outbound {
        type nat hook postrouting priority srcnat;
        oifname != "eth0" ct status dnat ip protocol udp snat to ${PUBLIC.left}
      }
    }`,
  );
}

/** Drops UDP between the public addresses of the two sides, somewhere on the Internet. */
async function block(lab: Lab): Promise<void> {
  const both = `{ ${PUBLIC.left}, ${PUBLIC.right} }`;
  await lab.nft(
    lab.bridge.label,
    `table bridge firewall {
      chain through {
        type filter hook forward priority filter;
        ip saddr ${both} ip daddr ${both} ip protocol udp drop
      }
    }`,
  );
}

/** A router and two peers, each where it should be; nothing runs in them yet. */
export async function buildNats(place: Place): Promise<Lab> {
  const lab = new Lab();
  try {
    await lab.internet();
    await lab.host('router');
    await lab.attach('router', `${ROUTER_IPV4}/24`);
    if ('shared' in place) {
      await placeTogether(lab, place);
    } else {
      await placeBehind(lab, 'left', place.left);
      await placeBehind(lab, 'right', place.right);
      if (place.blocked === true) await block(lab);
    }
    return lab;
  } catch (error) {
    lab.dispose();
    throw error;
  }
}
