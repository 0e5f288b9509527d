import {
  checkInteger,
  type Endpoint,
  type Profile,
  parseEndpoint,
  reference2020,
} from '@6bed4/codec';

/** Options of a {@link GatewayNode}: those of `startGateway` of `@6bed4/node` that have a meaning in virtual time. */
export interface GatewaySettings {
  /** The routers that clients may use; default: all routers of the Internet so far. */
  readonly routers?: readonly (Endpoint | string)[];
  /** UDP ports for clients, one each; default 40000 to 49999. */
  readonly ports?: { readonly first: number; readonly last: number };
  /** Whoever has one of these may connect; default: everybody. */
  readonly tokens?: readonly string[];
  /** Clients at a time, those that are away included, 1..64000; default 1000. */
  readonly maxClients?: number;
  /** Megabits per second that a client may send, 1..100000; default 100. */
  readonly rate?: number;
  /** Seconds, 0..86400, for which the endpoint of a client is kept when its connection ends; default 60. */
  readonly resumeFor?: number;
  /** Seconds, 1..300, after which a silent connection is sent a ping; default 20. */
  readonly keepalive?: number;
  /** Constants of the deployment; default `reference2020`. */
  readonly profile?: Profile;
}

/** {@link GatewaySettings} with all defaults filled in, checked. */
export interface CompleteGatewaySettings {
  readonly routers: readonly Endpoint[];
  /** In the order in which they are given to clients. */
  readonly ports: readonly number[];
  readonly tokens: readonly string[] | null;
  readonly maxClients: number;
  /** Bytes per second. */
  readonly rate: number;
  readonly resumeFor: number;
  readonly keepalive: number;
  readonly profile: Profile;
}

const DEFAULT_PORTS = { first: 40_000, last: 49_999 };
const HIGHEST_PORT = 65_535;
const BYTES_PER_MEGABIT = 125_000;
const LONGEST_RESUME = 86_400;
const LONGEST_KEEPALIVE = 300;
const MOST_CLIENTS = 64_000;
const HIGHEST_RATE = 100_000;

/** Fills the defaults in. @throws InvalidArgumentError naming the field */
export function completeGateway(settings: GatewaySettings): CompleteGatewaySettings {
  const {
    routers = [],
    ports: { first, last } = DEFAULT_PORTS,
    tokens = null,
    maxClients = 1000,
    rate = 100,
    resumeFor = 60,
    keepalive = 20,
    profile = reference2020,
  } = settings;
  checkInteger('ports.first', first, 1, HIGHEST_PORT);
  checkInteger('ports.last', last, first, HIGHEST_PORT);
  checkInteger('maxClients', maxClients, 1, MOST_CLIENTS);
  checkInteger('rate', rate, 1, HIGHEST_RATE);
  checkInteger('resumeFor', resumeFor, 0, LONGEST_RESUME);
  checkInteger('keepalive', keepalive, 1, LONGEST_KEEPALIVE);
  const all = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  return {
    routers: routers.map((one) =>
      typeof one === 'string' ? parseEndpoint(one, profile.port, 'routers') : one,
    ),
    ports: all.filter((port) => profile.layout.acceptsPort(port)),
    ...{ tokens, maxClients, resumeFor, keepalive, profile },
    rate: rate * BYTES_PER_MEGABIT,
  };
}
