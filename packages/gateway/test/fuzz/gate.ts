import { profileOf, UdpEndpoint } from '@6bed4/codec';
import { demand, type FuzzTarget, InputReader } from '@6bed4/testing/fuzzTarget';
import { EndpointPolicy } from '@6bed4/tunnel';
import { ClientGate, StrangerLimits } from '../../src/index.js';
import {
  CLIENT,
  endpoint,
  neighborSolicitation,
  packet,
  REMOTE,
  ROUTER,
  routerSolicitation,
} from '../support/packets.js';

const GUARD = 0xa5;
const OUTER_HEADERS = 28;
/** What a stranger is sent at first, and what comes back in the time that an input can take. */
const MOST_UNASKED = 640 + 256;
const policy = new EndpointPolicy({ allowLoopback: false, allowPrivate: false });
const profile = profileOf('draft03');
const router = endpoint(ROUTER);
const stranger = endpoint(REMOTE);
const bytesOf = (to: UdpEndpoint, frame: Uint8Array): Uint8Array => {
  const { address, port } = to;
  const numbers = [address >>> 24, address >>> 16, address >>> 8, address, port >>> 8, port];
  return Uint8Array.of(0, frame.length, ...numbers, ...frame);
};

/** Datagrams to and from a client, inside a buffer whose other bytes must not be read or changed. */
export const target: FuzzTarget = {
  longest: 512,
  seeds: [
    bytesOf(stranger, packet(CLIENT, REMOTE)),
    bytesOf(router, packet(CLIENT, REMOTE)),
    bytesOf(router, routerSolicitation()),
    bytesOf(stranger, neighborSolicitation(CLIENT, REMOTE)),
    bytesOf(stranger, packet(REMOTE, CLIENT)).fill(1, 0, 1),
  ],
  run(input) {
    const reader = new InputReader(input);
    const isRouter = (one: Readonly<UdpEndpoint>): boolean =>
      one.addressBits === router.addressBits && one.port === router.port;
    const gate = new ClientGate({
      profile,
      endpoint: endpoint(CLIENT),
      isRouter,
      mayReach: (one) => policy.accepts(one) && one.addressBits !== router.addressBits,
      strangers: new StrangerLimits(() => 0.5),
    });
    const [sent, came] = [new Map<string, number>(), new Map<string, number>()];
    const agreed = new Set<string>();
    for (let now = 0; !reader.isOver; now += 100) {
      const isInbound = reader.byte() % 2 === 1;
      const length = reader.byte();
      const other = new UdpEndpoint(reader.word() * 0x1_0000 + reader.word(), reader.word());
      const frame = reader.take(length);
      const around = new Uint8Array(frame.length + 64).fill(GUARD);
      around.set(frame, 32);
      const key = `${other.address}:${other.port}`;
      const price = frame.length + OUTER_HEADERS;
      if (isInbound) {
        const refusal = gate.refuseInbound(around, 32, frame.length, other, now);
        if (refusal !== null) continue;
        came.set(key, (came.get(key) ?? 0) + price);
        const isItself = frame.length >= 40 && profile.layout.matchesEndpoint(frame, 8, other);
        if (isItself || other.port === profile.port) agreed.add(key);
        continue;
      }
      const refusal = gate.refuseOutbound(around, 32, frame.length, other, now);
      demand(
        around.every(
          (byte, at) => byte === (at < 32 || at >= 32 + frame.length ? GUARD : frame[at - 32]),
        ),
        'nothing is changed',
      );
      if (refusal !== null || isRouter(other)) continue;
      demand(policy.accepts(other), `${key} is on the Internet`);
      demand(frame.length === 0 || frame.length >= 40, 'it is a packet');
      sent.set(key, (sent.get(key) ?? 0) + price);
      const most = (came.get(key) ?? 0) + MOST_UNASKED;
      demand(agreed.has(key) || sent.get(key)! <= most, `${key} gets more than it sent`);
    }
  },
};
