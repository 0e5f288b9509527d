import { formatIPv4, parseIPv6 } from '@6bed4/codec';
import { buildNd } from '@6bed4/nd';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  closeCodes,
  datagramMessage,
  formatHello,
  type GatewayFailure,
  GatewayUplink,
  type GatewayUplinkHost,
  type GatewayUplinkState,
  type Hello,
  SUBPROTOCOL,
  type WebSocketLike,
} from '../../src/index.js';
import { endpoint, OTHER_ROUTER, REMOTE, ROUTER, routerSolicitation } from '../support/packets.js';

const URL = 'wss://one/6bed4';
const HELLO: Hello = {
  endpoint: { address: '192.0.2.1', port: 40_000 },
  routers: [{ address: '192.0.2.1', port: 25_790 }],
  keepalive: 300,
  resume: 'name',
  resumeFor: 60,
  resumed: false,
  lost: 0,
};
const PAYLOAD = Uint8Array.of(1, 2, 3);
const SOLICITATION = routerSolicitation();
const ADVERTISEMENT = buildNd({
  type: 'router-advertisement',
  source: parseIPv6('fe80::1'),
  destination: parseIPv6('ff02::1'),
  currentHopLimit: 64,
  ...{ managed: false, other: false, homeAgent: false, proxy: false, preference: 'medium' },
  routerLifetime: 0,
  reachableTime: 0,
  retransTimer: 0,
  options: [],
});

interface Socket extends WebSocketLike {
  readonly sent: Uint8Array[];
  code: number | null;
}

let now: number;
let timers: { at: number; action: () => void }[];
let sockets: Socket[];
let states: GatewayUplinkState[];
let failures: GatewayFailure[];
let received: string[];
let udp: { readonly to: string; readonly length: number }[];
let uplink: GatewayUplink;

function newUplink(more: Partial<GatewayUplinkHost> = {}): GatewayUplink {
  const host: GatewayUplinkHost = {
    connect() {
      const socket: Socket = {
        ...{ binaryType: '', bufferedAmount: 0, protocol: SUBPROTOCOL, sent: [], code: null },
        ...{ onmessage: null, onclose: null, onerror: null },
        send(data) {
          this.sent.push(data.slice());
        },
        close(code) {
          this.code = code ?? null;
        },
      };
      sockets.push(socket);
      return socket;
    },
    now: () => now,
    random: () => 1,
    setTimer(milliseconds, action) {
      const timer = { at: now + milliseconds, action };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
    receive: (bytes, offset, length, address, port) =>
      received.push(`${bytes.subarray(offset, offset + length).join()} ${address} ${port}`),
    sendUdp: (_bytes, _offset, length, to) =>
      udp.push({ to: `${formatIPv4(to.address)}:${to.port}`, length }),
    changed: (state) => states.push(state),
    failed: (failure) => failures.push(failure),
    ...more,
  };
  return new GatewayUplink({ urls: [URL] }, host);
}

function wait(milliseconds: number): void {
  const end = now + milliseconds;
  for (;;) {
    const [next] = timers.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at);
    if (next === undefined) break;
    timers = timers.filter((one) => one !== next);
    now = Math.max(now, next.at);
    next.action();
  }
  now = end;
}

const last = (): Socket => sockets.at(-1)!;
const greet = (): void => last().onmessage?.({ data: formatHello(HELLO) } as never);
const send = (bytes: Uint8Array, to: string, ttl = 0): void =>
  uplink.send(bytes, 0, bytes.length, endpoint(to), 0, ttl);
function receiveUdp(bytes: Uint8Array, from: string): void {
  const { address, port } = endpoint(from);
  uplink.receiveUdp(bytes, 0, bytes.length, address, port);
}
function receiveOverGateway(): void {
  const message = datagramMessage(PAYLOAD, 0, 3, endpoint(REMOTE));
  last().onmessage?.({ data: Uint8Array.from(message).buffer } as never);
}
function fallBack(): void {
  send(SOLICITATION, ROUTER);
  wait(3_000);
  greet();
}

beforeEach(() => {
  now = 5_000;
  [timers, sockets, states, failures, received, udp] = [[], [], [], [], [], []];
  uplink = newUplink();
  uplink.start();
});

describe('a GatewayUplink', () => {
  test('uses UDP while a router answers', () => {
    send(SOLICITATION, ROUTER);
    wait(2_999);
    receiveUdp(ADVERTISEMENT, ROUTER);
    send(PAYLOAD, REMOTE);
    receiveUdp(PAYLOAD, REMOTE);
    wait(60_000);
    expect(udp.map(({ to }) => to)).toEqual([ROUTER, ROUTER, REMOTE]);
    expect([received.length, sockets.length, states.length]).toEqual([2, 0, 0]);
  });

  test('uses UDP while another router answers', () => {
    send(SOLICITATION, OTHER_ROUTER);
    receiveUdp(ADVERTISEMENT, OTHER_ROUTER);
    for (let round = 0; round < 10; round++) {
      send(SOLICITATION, ROUTER);
      wait(1_499);
      udp = [];
      wait(1);
      expect(udp.map(({ to }) => to).sort()).toEqual([ROUTER, OTHER_ROUTER].sort());
      receiveUdp(ADVERTISEMENT, OTHER_ROUTER);
      wait(10_000);
    }
    expect([sockets.length, states.length]).toEqual([0, 0]);
  });

  test('connects when UDP is blocked later on, as soon as something is sent', () => {
    send(SOLICITATION, ROUTER);
    receiveUdp(ADVERTISEMENT, ROUTER);
    wait(60_000);
    expect(sockets).toHaveLength(0);
    send(PAYLOAD, REMOTE);
    wait(3_999);
    expect(sockets).toHaveLength(0);
    wait(1);
    expect(sockets).toHaveLength(1);
    greet();
    expect(uplink.uses).toBe('gateway');
  });

  test('connects after 3 s without an answer of a router, and uses that once it is there', () => {
    send(SOLICITATION, ROUTER);
    receiveUdp(ADVERTISEMENT, OTHER_ROUTER);
    receiveUdp(PAYLOAD, ROUTER);
    wait(2_999);
    expect(sockets).toHaveLength(0);
    wait(1);
    expect([sockets.length, uplink.uses]).toEqual([1, 'udp']);
    greet();
    const state = { kind: 'gateway', gateway: URL, hello: HELLO };
    expect([states, uplink.state]).toEqual([[state], state]);
    expect(uplink.endpoint).toEqual(HELLO.endpoint);
    udp = [];
    send(PAYLOAD, REMOTE);
    expect(last().sent).toEqual([datagramMessage(PAYLOAD, 0, 3, endpoint(REMOTE))]);
    expect(udp).toEqual([]);
  });

  test('hands over only what came over the way in use', () => {
    fallBack();
    const { address, port } = endpoint(REMOTE);
    receiveOverGateway();
    expect(received).toEqual([`1,2,3 ${address} ${port}`]);
    receiveUdp(PAYLOAD, REMOTE);
    expect(received).toHaveLength(1);
  });

  test('sends neither datagrams with a TTL nor multicast over the gateway', () => {
    fallBack();
    send(PAYLOAD, REMOTE, 3);
    send(PAYLOAD, '224.0.0.1:25790');
    expect([last().sent, udp.length]).toEqual([[], 2]);
  });

  test('repeats solicitations by UDP, and returns at the first answer', () => {
    fallBack();
    send(SOLICITATION, OTHER_ROUTER);
    udp = [];
    wait(9_999);
    expect(udp).toEqual([]);
    wait(1);
    const { length } = SOLICITATION;
    expect(udp).toEqual([ROUTER, OTHER_ROUTER].map((to) => ({ to, length })));
    receiveUdp(ADVERTISEMENT, ROUTER);
    expect([uplink.uses, uplink.endpoint, last().code]).toEqual(['udp', null, closeCodes.done]);
    expect(states.at(-1)).toEqual({ kind: 'udp', gateway: null, hello: null });
    // The machine asks anew.
    expect(received).toEqual([]);
    expect(timers).toEqual([]);
  });

  test('keeps what it repeats though the bytes are used again', () => {
    const memory = Buffer.from(SOLICITATION);
    const sent: Uint8Array[] = [];
    uplink = newUplink({ sendUdp: (bytes) => sent.push(Uint8Array.from(bytes)) });
    send(memory, ROUTER);
    memory.fill(0);
    wait(3_000);
    greet();
    wait(10_000);
    expect(sent.at(-1)).toEqual(SOLICITATION);
  });

  test('keeps the solicitations of 16 routers, the last ones', () => {
    for (let port = 1; port <= 17; port++) send(SOLICITATION, `192.0.2.1:${port}`);
    send(SOLICITATION, '192.0.2.1:2');
    wait(3_000);
    greet();
    udp = [];
    wait(10_000);
    const ports = [...Array.from({ length: 15 }, (_, index) => index + 3), 2];
    expect(udp.map(({ to }) => to)).toEqual(ports.map((port) => `192.0.2.1:${port}`));
  });

  test('gives up a connection under way when UDP answers', () => {
    send(SOLICITATION, ROUTER);
    wait(3_000);
    receiveUdp(ADVERTISEMENT, ROUTER);
    expect(last().code).toBe(closeCodes.done);
    greet();
    expect([uplink.uses, states, received.length]).toEqual(['udp', [], 1]);
  });

  test('asks by UDP at once when the connection breaks', () => {
    fallBack();
    udp = [];
    last().onclose?.({ code: 1006, reason: '' } as never);
    expect(failures).toMatchObject([{ wasOpen: true, retryIn: 500 }]);
    expect(uplink.state).toEqual({ kind: 'gateway', gateway: null, hello: null });
    wait(0);
    expect(udp).toHaveLength(1);
    expect(sockets).toHaveLength(1);
    wait(500);
    expect(sockets).toHaveLength(2);
  });

  test('does not come again to a gateway that wants it no more', () => {
    fallBack();
    last().onclose?.({ code: closeCodes.unauthorized, reason: '' } as never);
    wait(3_600_000);
    expect(failures).toMatchObject([{ retryIn: null }]);
    expect([sockets.length, udp.length > 5]).toEqual([1, true]);
    uplink.networkChanged();
    expect(sockets).toHaveLength(2);
  });

  test('sends what comes together in one message where the host can defer', () => {
    const deferred: (() => void)[] = [];
    uplink = newUplink({ defer: (action) => deferred.push(action) });
    fallBack();
    send(PAYLOAD, REMOTE);
    send(PAYLOAD, REMOTE);
    expect([last().sent.length, deferred.length]).toEqual([0, 1]);
    deferred[0]!();
    expect(last().sent).toHaveLength(1);
  });

  test('connects at once without UDP', () => {
    uplink = newUplink({ sendUdp: undefined } as never);
    expect(sockets).toHaveLength(0);
    uplink.start();
    greet();
    expect(states).toMatchObject([{ kind: 'gateway', gateway: URL }]);
    receiveUdp(PAYLOAD, REMOTE);
    expect(received).toEqual([]);
  });

  test('does nothing after its end', () => {
    fallBack();
    uplink.close();
    udp = [];
    send(SOLICITATION, ROUTER);
    receiveUdp(ADVERTISEMENT, ROUTER);
    uplink.networkChanged();
    expect([timers, udp, received, states.length]).toEqual([[], [], [], 1]);
  });
});
