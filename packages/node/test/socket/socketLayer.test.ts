import { formatIPv6, parseIPv4, parseIPv6, UdpEndpoint } from '@6bed4/codec';
import { buildEcho, buildUdp, parseEcho, parseIcmpError } from '@6bed4/nd';
import { seededRandom } from '@6bed4/testing/random';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { chooseProfile } from '../../src/daemon/options.js';
import { OwnAddresses } from '../../src/socket/ownAddresses.js';
import { SocketLayer } from '../../src/socket/socketLayer.js';
import { fragmentsOf, numbered } from '../support/fragments.js';

vi.mock('../../src/realTimers.js', () => import('../support/globalTimers.js'));

const ROUTER = { address: '198.51.100.1', port: 25790 };
const ENDPOINT = { address: '203.0.113.1', port: 5000 };
const PORT = 1000;
const { layout } = chooseProfile({});

let own: Uint8Array;
let layer: SocketLayer;
let passed: Uint8Array[];
let sent: Uint8Array[];
let received: string[];

beforeEach(() => {
  vi.useFakeTimers();
  own = parseIPv6('fc64:bed:c633:6401::');
  const endpoint = new UdpEndpoint(parseIPv4(ENDPOINT.address), ENDPOINT.port);
  layout.writeEndpoint(own, 0, endpoint.address, endpoint.port, 1);
  const addresses = new OwnAddresses(layout, 1);
  addresses.update([
    {
      router: ROUTER,
      address: formatIPv6(own),
      publicEndpoint: ENDPOINT,
      prefix: '',
      temporary: false,
      routes: [],
      defaultRouter: false,
    },
  ]);
  passed = [];
  sent = [];
  received = [];
  const receiver = {
    received: (message: Buffer) => received.push(`${message.length} bytes`),
    refused: (code: string) => received.push(code),
  };
  layer = new SocketLayer(
    (packet) => passed.push(packet),
    addresses,
    seededRandom(1),
    () => performance.now(),
  );
  layer.start((bytes, offset, length) => sent.push(bytes.slice(offset, offset + length)));
  layer.bind(receiver, {
    place: { kind: 'any', lanip: 1, hasLoopback: true },
    port: PORT,
    reuseAddress: false,
    receiveBufferSize: 1000,
  });
});

afterEach(() => {
  layer.close();
  vi.useRealTimers();
});

function arrive(...packets: readonly Uint8Array[]): void {
  for (const packet of packets) layer.deliver(packet, 0, packet.length);
  layer.flush();
}

function datagram(payload = 3000, destination = own, port = PORT): Uint8Array {
  return buildUdp({
    source: numbered(1),
    destination,
    sourcePort: 5,
    destinationPort: port,
    payload: new Uint8Array(payload),
  });
}

const errors = () =>
  sent.map((packet) => {
    const parsed = parseIcmpError(packet, 0, packet.length);
    return parsed.ok ? parsed.value : null;
  });

describe('fragments', () => {
  test('of a datagram reach its socket as one message', () => {
    arrive(...fragmentsOf(datagram(), [1232, 2464]));
    expect(received).toEqual(['3000 bytes']);
    expect(layer.counters).toMatchObject({ reassembled: 1, reassemblyFailures: 0 });
    expect(vi.getTimerCount()).toBe(1);
    vi.runAllTimers();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('of a datagram with a wrong checksum reach nobody', () => {
    const packet = datagram();
    packet[packet.length - 1] = 1;
    arrive(...fragmentsOf(packet, [1232, 2464]));
    expect(received).toEqual([]);
    expect(layer.counters.badUdp).toBe(1);
  });

  test('that are not complete in 60 s cause Time Exceeded with the first of them', () => {
    const [first] = fragmentsOf(datagram(), [1232, 2464]);
    arrive(first!);
    vi.advanceTimersByTime(59_999);
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(errors()).toMatchObject([{ type: 'time-exceeded', code: 1, destination: numbered(1) }]);
    expect(errors()[0]!.invoking).toEqual(first!.subarray(0, 1232));
    expect(layer.counters.reassemblyFailures).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('without offset 0 cause nothing, and no more is sent than came', () => {
    for (let identification = 0; identification < 8; identification++) {
      arrive(fragmentsOf(datagram(), [1232, 2464], identification)[1]!);
    }
    vi.advanceTimersByTime(60_000);
    expect(sent).toEqual([]);
    for (let identification = 0; identification < 20; identification++) {
      arrive(fragmentsOf(datagram(), [1232, 2464], identification)[0]!);
    }
    vi.advanceTimersByTime(60_000);
    // Eight of one source wait at a time.
    expect(sent.length).toBe(8);
  });

  test('each have their own 60 s', () => {
    arrive(fragmentsOf(datagram(), [1232], 1)[0]!);
    vi.advanceTimersByTime(40_000);
    arrive(fragmentsOf(datagram(), [1600], 2)[0]!);
    vi.advanceTimersByTime(20_000);
    expect(errors().length).toBe(1);
    vi.advanceTimersByTime(39_999);
    expect(errors().length).toBe(1);
    vi.advanceTimersByTime(1);
    expect(errors().length).toBe(2);
  });

  test('of a bad length cause Parameter Problem', () => {
    arrive(fragmentsOf(datagram(), [1231])[0]!);
    expect(errors()).toMatchObject([{ type: 'parameter-problem', code: 0, pointer: 4 }]);
  });

  test('for a port without socket cause Port Unreachable, once', () => {
    arrive(...fragmentsOf(datagram(3000, own, PORT + 1), [1232, 2464]));
    expect(errors()).toMatchObject([{ type: 'destination-unreachable', code: 4 }]);
  });

  test('for an address without socket are not kept', () => {
    const other = own.slice();
    other[15] = 2;
    arrive(...fragmentsOf(datagram(3000, other), [1232, 2464]));
    expect(errors()).toMatchObject([{ type: 'destination-unreachable', code: 3 }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('of another protocol are passed on as the packet that they make', () => {
    const packet = datagram();
    packet[6] = 50;
    arrive(...fragmentsOf(packet, [1232, 2464]));
    layer.flush();
    expect(passed).toEqual([packet]);
  });

  test('of an echo request are answered in fragments', () => {
    const request = buildEcho({
      type: 'echo-request',
      source: numbered(1),
      destination: own,
      hopLimit: 64,
      identifier: 1,
      sequence: 2,
      data: new Uint8Array(5000).fill(7),
    });
    const driver = { isBusy: false, run: (submit: (peer: object) => unknown) => submit(peer) };
    const peer = {
      handlePacketBy: (_policy: string, bytes: Uint8Array, offset: number, length: number) => {
        sent.push(bytes.slice(offset, offset + length));
        return null;
      },
    };
    layer.attach(driver as never);
    arrive(...fragmentsOf(request, [1232, 2464, 3696, 4928]));
    expect(sent.length).toBe(5);
    expect(layer.counters).toMatchObject({ echoesAnswered: 1, fragmentsSent: 5 });
    expect(sent.every(({ length }) => length <= 1280)).toBe(true);
    const body = Buffer.concat(sent.map((packet) => packet.subarray(48)));
    const whole = Buffer.concat([request.subarray(0, 40), body]);
    whole.set(own, 8);
    whole.set(numbered(1), 24);
    expect(parseEcho(whole, 0, whole.length)).toMatchObject({
      ok: true,
      value: { type: 'echo-reply', identifier: 1, sequence: 2 },
    });
  });
});

describe('events of sockets', () => {
  test('are passed on one in each turn, the first at once', () => {
    arrive(datagram(1), datagram(2), datagram(3));
    expect(received).toEqual(['1 bytes']);
    arrive(datagram(4));
    vi.advanceTimersByTime(0);
    expect(received).toEqual(['1 bytes', '2 bytes', '3 bytes', '4 bytes']);
    arrive(datagram(5));
    expect(received.at(-1)).toBe('5 bytes');
  });

  test('do not come when all is closed meanwhile', () => {
    arrive(datagram(1), datagram(2));
    layer.close();
    vi.runAllTimers();
    expect(received).toEqual(['1 bytes']);
  });
});
