import { Lab } from './lab.js';
import { ROUTER_IPV4 } from './topology.js';

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
  /** Masquerade, and the peer's port is forwarded to it: anybody gets in. */
  | 'forwarding'
  /** Masquerade behind masquerade. */
  | 'two-levels'
  /** Masquerade that lets UDP pass to the router only. */
  | 'router-only';

/** Who of them is where. */
export type Place =
  | { readonly left: Box; readonly right: Box }
  /** Both behind one masquerade: on one LAN, or on two that it routes between. */
  | { readonly shared: 'lan' | 'two-lans' | 'two-lans-hairpin' };

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

/** Loads the masquerade and whatever else a box does. */
export async function loadBox(lab: Lab, side: Side, box: Box): Promise<void> {
  const label = `${side}Nat`;
  const inside = `${INSIDE[side]}.2`;
  const port = PEER_PORT[side];
  await lab.exec(label, ['nft', 'flush', 'ruleset']);
  await lab.masquerade(label, 'eth0', { fullyRandom: box === 'fully-random' });
  await refuseInput(lab, label);
  if (box === 'forwarding') {
    await lab.nft(
      label,
      `table ip forwarding {
        chain inbound {
          type nat hook prerouting priority dstnat;
          iifname "eth0" udp dport ${port} dnat to ${inside}:${port}
        }
      }`,
    );
  }
  if (box === 'router-only') {
    await lab.nft(
      label,
      `table ip firewall {
        chain through {
          type filter hook forward priority filter;
          ip protocol udp ip saddr != ${ROUTER_IPV4} ip daddr != ${ROUTER_IPV4} drop
        }
      }`,
    );
  }
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

async function placeTogether(
  lab: Lab,
  kind: 'lan' | 'two-lans' | 'two-lans-hairpin',
): Promise<void> {
  await lab.host('leftNat');
  await lab.attach('leftNat', `${PUBLIC.left}/24`);
  await lab.masquerade('leftNat', 'eth0');
  await refuseInput(lab, 'leftNat');
  const nets = kind === 'lan' ? { left: '10.0.1', right: '10.0.1' } : INSIDE;
  if (kind === 'lan') {
    await lab.ip('leftNat', 'link add name lan type bridge stp_state 0 mcast_snooping 0');
    await lab.address('leftNat', 'lan', '10.0.1.1/24');
  }
  for (const [index, side] of (['left', 'right'] as const).entries()) {
    await lab.host(side);
    const address = `${nets[side]}.${index + 2}/24`;
    if (kind === 'lan') {
      await lab.link(['leftNat', `${side}Port`], [side, 'eth0', address]);
      await lab.ip('leftNat', `link set ${side}Port master lan`);
    } else {
      await lab.link(['leftNat', `${side}Port`, `${nets[side]}.1/24`], [side, 'eth0', address]);
    }
    await lab.ip(side, `route add default via ${nets[side]}.1`);
  }
  if (kind !== 'two-lans-hairpin') return;
  // What comes from inside to a public port of a peer goes to that peer, and seems to come from the
  // public address too: hairpinning with an external source (RFC 4787 §6).
  await lab.nft(
    'leftNat',
    `table ip hairpin {
      chain inbound {
        type nat hook prerouting priority dstnat;
        iifname "leftPort" ip daddr ${PUBLIC.left} udp dport ${PEER_PORT.right} dnat to 10.0.2.3
        iifname "rightPort" ip daddr ${PUBLIC.left} udp dport ${PEER_PORT.left} dnat to 10.0.1.2
      }
      chain outbound {
        type nat hook postrouting priority srcnat;
        ip saddr 10.0.0.0/8 ip daddr 10.0.0.0/8 ip protocol udp snat to ${PUBLIC.left}
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
      await placeTogether(lab, place.shared);
    } else {
      await placeBehind(lab, 'left', place.left);
      await placeBehind(lab, 'right', place.right);
    }
    return lab;
  } catch (error) {
    lab.dispose();
    throw error;
  }
}
