import fc from 'fast-check';
import type {
  Echo,
  IcmpError,
  NdMessage,
  NdOption,
  NeighborAdvertisement,
  NeighborSolicitation,
  Redirect,
  RouterAdvertisement,
  RouterSolicitation,
  UdpDatagram,
} from '../../src/index.js';

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });
const uint8 = fc.nat(0xff);
const uint16 = fc.nat(0xffff);
const uint32 = fc.nat(0xffff_ffff);

/** Bytes that an option can hold: 6, 14, 22 or 30. */
const body = fc.nat(3).chain((units) => bytes(units * 8 + 6));

function withStart(start: readonly number[]): fc.Arbitrary<Uint8Array> {
  return bytes(16 - start.length).map((rest) => Uint8Array.from([...start, ...rest]));
}

/** Neither unspecified nor multicast. */
const unicast: fc.Arbitrary<Uint8Array> = fc.oneof(
  withStart([0x20, 0x01]),
  withStart([0xfc, 0x64]),
  withStart([0xfe, 0x80]),
);
const linkLocal: fc.Arbitrary<Uint8Array> = withStart([0xfe, 0x80]);
const multicast: fc.Arbitrary<Uint8Array> = withStart([0xff, 0x02]);
const anyDestination = fc.oneof(unicast, multicast);

/** A prefix of a length, the bits behind it zero. */
const prefix = fc.tuple(bytes(16), fc.nat(128)).map(([prefix, prefixLength]) => {
  for (let bit = prefixLength; bit < 128; bit++) prefix[bit >> 3]! &= ~(0x80 >> (bit & 7));
  return { prefix, prefixLength };
});

const preference = fc.constantFrom('low' as const, 'medium' as const, 'high' as const);

/** Every option but those that `parseNd` forbids in a message from `::`. */
const harmlessOption: fc.Arbitrary<NdOption> = fc.oneof(
  fc.record({ type: fc.constant('target-link-layer' as const), address: body }),
  fc
    .tuple(
      prefix,
      fc.record({
        onLink: fc.boolean(),
        autonomous: fc.boolean(),
        validLifetime: uint32,
        preferredLifetime: uint32,
      }),
    )
    .map(([prefix, rest]) => ({ type: 'prefix-information' as const, ...prefix, ...rest })),
  fc.record({
    type: fc.constant('redirected-header' as const),
    packet: fc.nat(10).chain((units) => bytes(units * 8)),
  }),
  fc.record({ type: fc.constant('mtu' as const), mtu: uint32 }),
  fc.record({
    type: fc.constant('timestamp' as const),
    timestamp: fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }),
  }),
  fc.record({ type: fc.constant('nonce' as const), nonce: body }),
  fc
    .tuple(prefix, fc.record({ preference, lifetime: uint32 }))
    .map(([prefix, rest]) => ({ type: 'route-information' as const, ...prefix, ...rest })),
  fc.record({
    type: fc.constant('rdnss' as const),
    lifetime: uint32,
    servers: fc.array(bytes(16), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    type: fc.constant('unknown' as const),
    code: fc.integer({ min: 26, max: 255 }),
    body,
  }),
);

/** Every option. */
export const option: fc.Arbitrary<NdOption> = fc.oneof(
  harmlessOption,
  fc.record({ type: fc.constant('source-link-layer' as const), address: body }),
);

const options = fc.array(option, { maxLength: 4 });

export const routerSolicitation: fc.Arbitrary<RouterSolicitation> = fc.oneof(
  fc.record({
    type: fc.constant('router-solicitation' as const),
    source: unicast,
    destination: anyDestination,
    options,
  }),
  fc.record({
    type: fc.constant('router-solicitation' as const),
    source: fc.constant(new Uint8Array(16)),
    destination: anyDestination,
    options: fc.array(harmlessOption, { maxLength: 4 }),
  }),
);

export const routerAdvertisement: fc.Arbitrary<RouterAdvertisement> = fc.record({
  type: fc.constant('router-advertisement' as const),
  source: linkLocal,
  destination: anyDestination,
  currentHopLimit: uint8,
  managed: fc.boolean(),
  other: fc.boolean(),
  homeAgent: fc.boolean(),
  proxy: fc.boolean(),
  preference,
  routerLifetime: uint16,
  reachableTime: uint32,
  retransTimer: uint32,
  options,
});

export const neighborSolicitation: fc.Arbitrary<NeighborSolicitation> = fc.oneof(
  fc.record({
    type: fc.constant('neighbor-solicitation' as const),
    source: unicast,
    destination: anyDestination,
    target: unicast,
    options,
  }),
  fc.record({
    type: fc.constant('neighbor-solicitation' as const),
    source: fc.constant(new Uint8Array(16)),
    destination: withStart([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff]),
    target: unicast,
    options: fc.array(harmlessOption, { maxLength: 4 }),
  }),
);

export const neighborAdvertisement: fc.Arbitrary<NeighborAdvertisement> = fc
  .record({
    type: fc.constant('neighbor-advertisement' as const),
    source: unicast,
    destination: anyDestination,
    router: fc.boolean(),
    solicited: fc.boolean(),
    override: fc.boolean(),
    target: unicast,
    options,
  })
  .map((na) => ({ ...na, solicited: na.solicited && na.destination[0] !== 0xff }));

export const redirect: fc.Arbitrary<Redirect> = fc
  .record({
    type: fc.constant('redirect' as const),
    source: linkLocal,
    destination: anyDestination,
    target: linkLocal,
    redirectDestination: unicast,
    onLink: fc.boolean(),
    options,
  })
  .map(({ onLink, ...redirect }) => ({
    ...redirect,
    target: onLink ? redirect.redirectDestination : redirect.target,
  }));

/** Messages that `parseNd` accepts, and that say all that it reads. */
export const ndMessage: fc.Arbitrary<NdMessage> = fc.oneof(
  routerSolicitation,
  routerAdvertisement,
  neighborSolicitation,
  neighborAdvertisement,
  redirect,
);

export const echo: fc.Arbitrary<Echo> = fc.record({
  type: fc.constantFrom('echo-request' as const, 'echo-reply' as const),
  source: bytes(16),
  destination: bytes(16),
  hopLimit: uint8,
  identifier: uint16,
  sequence: uint16,
  data: fc.uint8Array({ maxLength: 100, size: 'max' }),
});

const errorBase = {
  source: bytes(16),
  destination: bytes(16),
  invoking: fc.uint8Array({ maxLength: 200, size: 'max' }),
};

export const icmpError: fc.Arbitrary<IcmpError> = fc.oneof(
  fc.record({ type: fc.constant('destination-unreachable' as const), code: uint8, ...errorBase }),
  fc.record({ type: fc.constant('packet-too-big' as const), mtu: uint32, ...errorBase }),
  fc.record({ type: fc.constant('time-exceeded' as const), code: uint8, ...errorBase }),
  fc.record({
    type: fc.constant('parameter-problem' as const),
    code: uint8,
    pointer: uint32,
    ...errorBase,
  }),
);

export const udpDatagram: fc.Arbitrary<UdpDatagram> = fc.record({
  source: bytes(16),
  destination: bytes(16),
  sourcePort: uint16,
  destinationPort: uint16,
  payload: fc.uint8Array({ maxLength: 100, size: 'max' }),
});
