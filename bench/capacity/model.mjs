/* Capacity on paper: arithmetic on figures, see figures.mjs. Times in microseconds, rates in packets per second. */

/** Bytes of UDP, IPv4 and Ethernet around an IPv6 packet, with preamble, checksum and gap. */
const OUTER_BYTES = 8 + 20 + 38;
const KEEPALIVE_INTERVAL = 25;
const MICROS = 1e6;
const GIGA = 1e9;

/** Costs of one packet each, in microseconds of a core. */
export function costsOf({ mixed, single500, single1280, coalesced, solicitation, keepalive }) {
  return {
    relayed: mixed,
    large: mixed * (single1280 / single500),
    coalesced,
    solicitation: mixed * solicitation,
    keepalive: mixed * keepalive,
  };
}

const gigabits = (rate, bytes) => (rate * (bytes + OUTER_BYTES) * 8) / GIGA;

/** What a number of cores does at full load: packets per second and Gbit/s on the wire, each way. */
export function throughput(figures, coreCount, machineCount = 1) {
  const costs = costsOf(figures);
  const micros = coreCount * (coreCount === 1 ? 1 : figures.scaling) * MICROS;
  const ofAll = micros * machineCount;
  const each = (cost, size) => {
    const ofCores = micros / cost;
    const ofNetwork = figures.network / gigabits(1, size);
    const rate = Math.min(ofCores, coreCount === 1 ? ofCores : ofNetwork) * machineCount;
    return {
      rate,
      gigabits: gigabits(rate, size),
      limit: ofCores > ofNetwork ? 'network' : 'cores',
    };
  };
  return {
    small: each(costs.relayed, 500),
    large: each(costs.large, 1280),
    coalesced: each(costs.coalesced, 1280),
    solicitations: ofAll / costs.solicitation,
    keepalives: ofAll / costs.keepalive,
  };
}

/** The rates at which a number of peers ask something of routers, and what that takes. */
export function demand(figures, peers) {
  const costs = costsOf(figures);
  const flow = (rate, cost, bytes) => ({
    rate,
    cores: (rate * cost) / MICROS,
    gigabits: gigabits(rate, bytes),
  });
  const { refresh, near, conversations, firstPackets, active, relayed, callRate, callSize } =
    figures;
  return {
    refreshing: flow(peers / refresh, costs.solicitation, figures.answer),
    keepalives: flow((peers * near) / KEEPALIVE_INTERVAL, costs.keepalive, 0),
    first: flow((peers * conversations * firstPackets) / 60, costs.relayed, callSize),
    calls: flow(peers * active * relayed * callRate, costs.relayed, callSize),
  };
}

/** The same for what is not always there. */
export function further(figures, peers) {
  const costs = costsOf(figures);
  const { comeback, answer, internet, internetSize } = figures;
  const asking = peers / comeback;
  const packets = (peers * internet * 1000) / 8 / internetSize;
  return {
    comeback: {
      rate: asking,
      cores: (asking * costs.solicitation) / MICROS,
      gigabits: gigabits(asking, answer),
    },
    internet: {
      rate: packets,
      cores: (packets * costs.large) / MICROS,
      gigabits: gigabits(packets, internetSize),
    },
  };
}

/** What flows take together. */
export function total(flows) {
  const sum = (key) => Object.values(flows).reduce((all, one) => all + one[key], 0);
  return { rate: sum('rate'), cores: sum('cores'), gigabits: sum('gigabits') };
}

/** Machines that carry this at the planned load, one of which may fail. */
export function machinesFor({ cores, scaling, network, load, spare }, needed) {
  const byCores = needed.cores / (cores * scaling * load);
  const byNetwork = needed.gigabits / (network * load);
  return Math.max(1, Math.ceil(Math.max(byCores, byNetwork))) + spare;
}
