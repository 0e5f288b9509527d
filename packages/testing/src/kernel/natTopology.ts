import { setTimeout } from 'node:timers/promises';
import { ROUTER_IPV4 } from './internet.js';
import { Lab } from './lab.js';

/** Public IPv4 address of the outermost middlebox of a side, or of its peer without one. */
export const PUBLIC = { left: '198.51.100.11', right: '198.51.100.12' } as const;

/** Local UDP ports of the peers, for middleboxes that have to know them. */
export const PEER_PORT = { left: 40_000, right: 40_002 } as const;

/** One of the two peers. */
export type Side = 'left' | 'right';

/** NAT or firewall between a peer and the Internet (RFC 3234). */
export type Middlebox =
  /** Nothing: a public address. */
  | 'none'
  /** nftables masquerade: endpoint-independent mapping while ports do not collide, filtering by
   * address and port (RFC 4787 §4.1, §5). */
  | 'masquerade'
  /**
   * The same without a filter of input, as on hosts of virtual machines and containers: what nobody asked
   * for is delivered to the NAT itself, and remembered.
   */
  | 'accepting'
  /** Another port for every destination: address- and port-dependent mapping. */
  | 'fully-random'
  /** Masquerade to one port that is not the peer's own: still endpoint-independent mapping. */
  | 'other-port'
  /** Masquerade with endpoint-independent filtering: any host may send to a mapped port. */
  | 'full-cone'
  /** Masquerade, and the peer's port is forwarded to it. */
  | 'forwarding'
  /** The same with `fully-random` for packets that are not replies. */
  | 'forwarding-random'
  /** Masquerade behind masquerade. */
  | 'two-levels'
  /** Masquerade that lets UDP pass to the router only. */
  | 'router-only';

/** Both peers behind one masquerade: on one LAN, or on two that it routes between. */
export interface SharedNatTopology {
  readonly shared: 'lan' | 'two-lans';
  /** Hairpinning (RFC 4787 §6); default none. */
  readonly hairpin?: Hairpin;
  /** Whether the LAN drops multicast, as many wireless ones do. */
  readonly withoutMulticast?: boolean;
}

/**
 * Hairpinning with the external or the internal source address (RFC 4787 §6).
 *
 * Linux does not hairpin by itself: its masquerade keeps a mapping only together with its remote, so
 * that packets from inside to a mapped port match nothing and are for the NAT itself. Two rules are
 * needed: one for the destination, and one for the source. Without the second the receiver sees a
 * private source, and on one LAN answers past the NAT.
 */
export type Hairpin = 'external-source' | 'internal-source';

/** Middleboxes of both peers, or the NAT that they share. */
export type NatTopology =
  | {
      readonly left: Middlebox;
      readonly right: Middlebox;
      /** Whether the Internet drops UDP between the two, but not to the router. */
      readonly blocked?: boolean;
    }
  | SharedNatTopology;

const INSIDE = { left: '10.0.1', right: '10.0.2' } as const;

/**
 * Drops unsolicited packets to the NAT itself, as home routers do. That matters to mappings as well:
 * where Linux accepts a stray packet, its connection tracking keeps the destination port, and maps a
 * peer that sends to the same remote to another port.
 */
export async function refuseUnsolicited(lab: Lab, label: string): Promise<void> {
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

/** nftables rules of a middlebox besides its masquerade and its filter of input. */
function rulesOf(side: Side, middlebox: Middlebox): string | null {
  const inside = `${INSIDE[side]}.2`;
  const port = PEER_PORT[side];
  switch (middlebox) {
    case 'forwarding':
    case 'forwarding-random':
      return `table ip forwarding {
        chain inbound {
          type nat hook prerouting priority dstnat;
          iifname "eth0" udp dport ${port} dnat to ${inside}:${port}
        }
      }`;
    case 'full-cone':
      // Masquerade keeps ports, so the internal port is the mapped one. It is recorded before its
      // address is translated.
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

/** Default public port of a middlebox `other-port`. */
export const OTHER_PORT = 50_000;

/** Loads the rules of a middlebox in place of those that were there. */
export async function loadMiddlebox(
  lab: Lab,
  side: Side,
  middlebox: Middlebox,
  otherPort = OTHER_PORT,
): Promise<void> {
  const label = `${side}Nat`;
  await lab.exec(label, ['nft', 'flush', 'ruleset']);
  await lab.masquerade(label, 'eth0', {
    fullyRandom: middlebox === 'fully-random' || middlebox === 'forwarding-random',
    ...(middlebox === 'other-port' ? { udpPort: otherPort } : {}),
  });
  if (middlebox !== 'accepting') await refuseUnsolicited(lab, label);
  const rules = rulesOf(side, middlebox);
  if (rules !== null) await lab.nft(label, rules);
}

async function buildSide(lab: Lab, side: Side, middlebox: Middlebox): Promise<void> {
  await lab.host(side);
  if (middlebox === 'none') {
    await lab.attach(side, `${PUBLIC[side]}/24`);
    return;
  }
  const label = `${side}Nat`;
  await lab.host(label);
  await lab.attach(label, `${PUBLIC[side]}/24`);
  const net = INSIDE[side];
  if (middlebox === 'two-levels') {
    await lab.host(`${side}Home`);
    await lab.link([label, 'lan', '100.64.0.1/24'], [`${side}Home`, 'eth0', '100.64.0.2/24']);
    await lab.ip(`${side}Home`, 'route add default via 100.64.0.1');
    await lab.masquerade(`${side}Home`, 'eth0');
    await refuseUnsolicited(lab, `${side}Home`);
    await lab.link([`${side}Home`, 'lan', `${net}.1/24`], [side, 'eth0', `${net}.2/24`]);
  } else {
    await lab.link([label, 'lan', `${net}.1/24`], [side, 'eth0', `${net}.2/24`]);
  }
  await lab.ip(side, `route add default via ${net}.1`);
  await loadMiddlebox(lab, side, middlebox);
}

async function buildSharedNat(lab: Lab, topology: SharedNatTopology): Promise<void> {
  const isOneLan = topology.shared === 'lan';
  await lab.host('leftNat');
  await lab.attach('leftNat', `${PUBLIC.left}/24`);
  await lab.masquerade('leftNat', 'eth0');
  await refuseUnsolicited(lab, 'leftNat');
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
      if (topology.withoutMulticast === true) {
        await lab.ip('leftNat', `link set ${side}Port type bridge_slave mcast_flood off`);
      }
    } else {
      await lab.link(['leftNat', `${side}Port`, `${nets[side]}.1/24`], [side, 'eth0', address]);
    }
    await lab.ip(side, `route add default via ${nets[side]}.1`);
  }
  if (topology.hairpin !== undefined) await addHairpinning(lab, topology.hairpin, hosts);
}

/** Makes the shared NAT hairpin packets from inside to its public address. */
async function addHairpinning(
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

/** Milliseconds after which no packet is in flight any more. */
const IN_FLIGHT = 50;
/** Name of the table of nftables that drops. */
const BLOCK = 'firewall';

/** Makes the NAT of a side forget all mappings. */
export async function forgetMappings(lab: Lab, side: Side): Promise<void> {
  const label = `${side}Nat`;
  // Packets in flight would create some mappings again at once, at random.
  await lab.nft(
    label,
    `table ip pause {
      chain through {
        type filter hook forward priority filter;
        drop
      }
    }`,
  );
  await setTimeout(IN_FLIGHT);
  await lab.exec(label, ['conntrack', '-F'], { mayFail: true });
  await lab.exec(label, ['nft', 'delete', 'table', 'ip', 'pause']);
}

/** Drops UDP between the public addresses of the two sides on the Internet. */
export async function blockDirect(lab: Lab): Promise<void> {
  const both = `{ ${PUBLIC.left}, ${PUBLIC.right} }`;
  await lab.nft(
    lab.bridge.label,
    `table bridge ${BLOCK} {
      chain through {
        type filter hook forward priority filter;
        ip saddr ${both} ip daddr ${both} ip protocol udp drop
      }
    }`,
  );
}

/** Ends what {@link blockDirect} began. */
export async function unblockDirect(lab: Lab): Promise<void> {
  await lab.nft(lab.bridge.label, `delete table bridge ${BLOCK}`);
}

/** Builds the hosts of a router and two peers behind their NATs; no daemon is started. */
export async function buildNatTopology(topology: NatTopology): Promise<Lab> {
  const lab = new Lab();
  try {
    await lab.internet();
    await lab.host('router');
    await lab.attach('router', `${ROUTER_IPV4}/24`);
    if ('shared' in topology) {
      await buildSharedNat(lab, topology);
    } else {
      await buildSide(lab, 'left', topology.left);
      await buildSide(lab, 'right', topology.right);
      if (topology.blocked === true) await blockDirect(lab);
    }
    return lab;
  } catch (error) {
    lab.dispose();
    throw error;
  }
}
