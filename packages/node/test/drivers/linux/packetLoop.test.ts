import { parseIPv4, UdpEndpoint } from '@6bed4/codec';
import { Counters, type RunMachine, type TunnelEvent, type TunnelSink } from '@6bed4/tunnel';
import { beforeEach, describe, expect, test } from 'vitest';
import { POLLIN, POLLOUT } from '../../../src/drivers/kernel/constants.js';
import { PacketLoop } from '../../../src/drivers/linux/packetLoop.js';
import { FakeRawLibc } from '../../support/fakeRawLibc.js';
import { loopMemory } from '../../support/loopMemories.js';
import {
  segmentPacket,
  tcpPacket,
  udpOverIpv6,
  virtioOf,
  withPartialChecksum,
  writeVirtio,
} from '../../support/segments.js';
import { TappedRing } from '../../support/tappedRing.js';

const WAKE = 3;
const UDP = 4;
const TUN = 5;
const LAN = 6;
const OTHER_UDP = 7;
const NOTHING: ReadonlyMap<number, number> = new Map();

const EVENT: TunnelEvent = {
  type: 'router-reachable',
  router: { address: '192.0.2.1', port: 25790 },
};

/** A machine that does what a test wants. */
class FakeMachine implements RunMachine {
  readonly counters = new Counters();
  readonly sink: TunnelSink;
  readonly datagrams: string[] = [];
  readonly packets: number[][] = [];
  /** Lengths and sizes of runs, and the side that they came from. */
  readonly runs: string[] = [];
  timeout = Number.POSITIVE_INFINITY;
  timeouts: number[] = [];
  onDatagram: (bytes: Uint8Array, offset: number, length: number) => void = () => {};
  onPacket: (bytes: Uint8Array, offset: number, length: number) => void = () => {};

  constructor(sink: TunnelSink) {
    this.sink = sink;
  }

  handleDatagram(
    bytes: Uint8Array,
    offset: number,
    length: number,
    address: number,
    port: number,
  ): void {
    const content = bytes.subarray(offset, offset + length);
    this.datagrams.push(`${content} from ${new UdpEndpoint(address).address}:${port}`);
    this.onDatagram(bytes, offset, length);
  }

  handlePacket(bytes: Uint8Array, offset: number, length: number): void {
    this.packets.push([...bytes.subarray(offset, offset + length)]);
    this.onPacket(bytes, offset, length);
  }

  handleDatagrams(
    bytes: Uint8Array,
    offset: number,
    length: number,
    size: number,
    address: number,
    port: number,
  ): void {
    const from = `${new UdpEndpoint(address).address}:${port}`;
    this.runs.push(`${length} by ${size} from ${from}`);
    this.sink.deliverPackets?.(bytes, offset, length, size);
  }

  handlePackets(bytes: Uint8Array, offset: number, length: number, size: number): void {
    this.runs.push(`${length} by ${size}`);
    this.sink.sendDatagrams?.(bytes, offset, length, size, new UdpEndpoint(7, 8), 0, 0);
  }

  handleTimeout(now: number): void {
    this.timeouts.push(now);
    this.timeout = Number.POSITIVE_INFINITY;
  }

  nextTimeout(): number {
    return this.timeout;
  }
}

describe('PacketLoop', () => {
  let libc: FakeRawLibc;
  let loop: PacketLoop<FakeMachine>;
  let machine: FakeMachine;
  let now: number;
  /** How often the loop asked for the time. */
  let asked: number;
  let log: string[];
  let onWake: () => void;

  /** Runs turns in each of which this has happened, and stops. */
  function run(...turns: readonly ReadonlyMap<number, number>[]): void {
    const left = [...turns];
    libc.onPoll = (timeout) => {
      const next = left.shift();
      if (next !== undefined) return next;
      now += timeout;
      loop.stop();
      return NOTHING;
    };
    loop.run();
  }

  beforeEach(() => {
    libc = new FakeRawLibc();
    now = 1000;
    asked = 0;
    log = [];
    onWake = () => {};
    loop = new PacketLoop({
      libc,
      memory: loopMemory(libc, 'webassembly'),
      machine: (sink) => new FakeMachine(sink),
      wake: WAKE,
      udp: UDP,
      tun: TUN,
      tunFeatures: { virtioHeader: false, udpSegmentation: false },
      udpSegmentation: true,
      clock: () => {
        asked++;
        return now;
      },
      onWake: () => onWake(),
      onEvent: ({ type }) => log.push(type),
      onGone: () => log.push('gone'),
    });
    machine = loop.machine;
  });

  test('passes every datagram of a batch to the machine, with its source', () => {
    libc.toReceive.push([
      { bytes: Uint8Array.of(1, 2), address: '192.0.2.9', port: 700 },
      { bytes: Uint8Array.of(), address: '255.1.2.3', port: 65_535 },
    ]);
    run(new Map([[UDP, POLLIN]]));
    expect(machine.datagrams).toEqual([
      `1,2 from ${parseIPv4('192.0.2.9')}:700`,
      ` from ${parseIPv4('255.1.2.3')}:65535`,
    ]);
  });

  test('passes packets of one header to the machine at once, and what it does with them on', () => {
    const alike = [100, 100, 60].map((length) =>
      udpOverIpv6({ payload: new Uint8Array(length).fill(length) }),
    );
    const other = udpOverIpv6({ payload: new Uint8Array(100), hopLimit: 1 });
    const message = { bytes: Uint8Array.from([...other, ...alike.flatMap((one) => [...one])]) };
    libc.toReceive.push([{ ...message, gsoSize: 148, address: '192.0.2.9', port: 700 }]);
    run(new Map([[UDP, POLLIN]]));
    expect(machine.runs).toEqual([`404 by 148 from ${parseIPv4('192.0.2.9')}:700`]);
    expect(machine.datagrams).toHaveLength(1);
    expect(loop.counters).toMatchObject({ datagramsReceived: 4, packetsWritten: 3 });
    expect(libc.written.map((bytes) => Uint8Array.from(bytes))).toEqual(alike);
  });

  test('passes segments of one packet to the machine at once, and sends them as one message', () => {
    const memory = loopMemory(libc, 'webassembly');
    const segmenting = new PacketLoop({
      libc,
      memory,
      machine: (sink) => new FakeMachine(sink),
      wake: WAKE,
      udp: UDP,
      tun: TUN,
      tunFeatures: { virtioHeader: true, udpSegmentation: true },
      udpSegmentation: true,
      clock: () => now,
      onWake: () => {},
      onEvent: () => {},
      onGone: () => {},
    });
    const whole = tcpPacket({ payload: new Uint8Array(2500).fill(7) });
    const virtio = virtioOf(whole, 1000);
    libc.toRead.push(Uint8Array.of(...writeVirtio(virtio), ...withPartialChecksum(whole)));
    let turns = 0;
    libc.onPoll = () => {
      if (turns++ === 0) return new Map([[TUN, POLLIN]]);
      segmenting.stop();
      return NOTHING;
    };
    segmenting.run();
    expect(segmenting.machine.runs).toEqual(['2680 by 1060']);
    const segments = segmentPacket(virtio, whole);
    expect(libc.sent).toMatchObject([{ gsoSize: 1060, to: '0.0.0.7:8', pieces: 1 }]);
    expect(Uint8Array.from(libc.sent[0]!.bytes)).toEqual(Uint8Array.from(Buffer.concat(segments)));
    expect(segmenting.counters).toMatchObject({ packetsRead: 3, datagramsSent: 3 });
  });

  test('passes datagrams that UDP_GRO coalesced to the machine one by one', () => {
    const bytes = Uint8Array.of(1, 1, 2, 2, 3);
    libc.toReceive.push([
      { bytes, gsoSize: 2 },
      { bytes: Uint8Array.of(4), gsoSize: 9 },
    ]);
    run(new Map([[UDP, POLLIN]]));
    expect(machine.datagrams.map((one) => one.split(' ')[0])).toEqual(['1,1', '2,2', '3', '4']);
    expect(loop.counters).toMatchObject({
      receiveCalls: 1,
      messagesReceived: 2,
      datagramsReceived: 4,
    });
  });

  test('relays a batch by one sendmmsg, in order, without copying the datagrams', () => {
    machine.onDatagram = (bytes, offset, length) =>
      machine.sink.sendDatagram(bytes, offset, length, new UdpEndpoint(1, 1), 0, 0);
    libc.toReceive.push([1, 2, 3].map((one) => ({ bytes: Uint8Array.of(one) })));
    run(new Map([[UDP, POLLIN]]));
    expect(libc.sendCalls).toBe(1);
    expect(libc.sent).toMatchObject([{ fd: UDP, bytes: [1, 2, 3], gsoSize: 1, pieces: 3 }]);
  });

  test.each([
    [0, 64],
    [64, 64],
    [65, 128],
    [200, 256],
  ])('after %i datagrams, reads %i packets before others are served', (received, read) => {
    libc.toRead.push(...Array.from({ length: 400 }, () => Uint8Array.of(0x60)));
    const tun = [TUN, POLLIN] as const;
    // A packet is not taken for one of many before the next turn.
    run(new Map([tun]), new Map([tun]));
    const before = machine.packets.length;
    if (received > 0) libc.toReceive.push([{ bytes: new Uint8Array(received), gsoSize: 1 }]);
    run(new Map([tun, ...(received > 0 ? [[UDP, POLLIN] as const] : [])]));
    expect(machine.datagrams).toHaveLength(received);
    expect(machine.packets).toHaveLength(before + read);
  });

  test('sends a lone packet at once', () => {
    machine.onPacket = (bytes, offset, length) =>
      machine.sink.sendDatagram(bytes, offset, length, new UdpEndpoint(1, 1), 0, 0);
    libc.toRead.push(Uint8Array.of(0x60, 1));
    let sentBeforeWaiting = -1;
    const turns = [new Map([[TUN, POLLIN]])];
    libc.onPoll = () => {
      const next = turns.shift();
      if (next !== undefined) return next;
      sentBeforeWaiting = libc.sent.length;
      loop.stop();
      return NOTHING;
    };
    loop.run();
    expect(sentBeforeWaiting).toBe(1);
  });

  describe('with packets of the interface that wait', () => {
    const tun = new Map([[TUN, POLLIN]]);
    const other = new Map([[UDP, POLLIN]]);

    beforeEach(() => {
      for (let count = 0; count < 9; count++) libc.toRead.push(Uint8Array.of(count));
    });

    test('takes one, and asks only in the very next turn whether there are more', () => {
      run(tun);
      expect(machine.packets).toHaveLength(1);
      run(other, tun);
      expect(machine.packets).toHaveLength(2);
      run(tun, tun);
      expect(machine.packets).toHaveLength(9);
    });

    test('takes all of each turn after one with several, until one is alone', () => {
      run(tun, tun);
      expect(machine.packets).toHaveLength(9);
      libc.toRead.push(Uint8Array.of(1), Uint8Array.of(2));
      run(other, tun);
      expect(machine.packets).toHaveLength(11);
      libc.toRead.push(Uint8Array.of(1));
      run(tun);
      libc.toRead.push(Uint8Array.of(1), Uint8Array.of(2));
      run(tun);
      expect(machine.packets).toHaveLength(13);
    });
  });

  test('asks for the time once in each turn', () => {
    run(...new Array(9).fill(NOTHING));
    // And once before the first one.
    expect(asked).toBe(11);
  });

  test('waits in poll until the next timeout of the machine, and for one second at most', () => {
    machine.timeout = 1250.5;
    run(NOTHING, NOTHING);
    expect(libc.polls.map(({ timeout }) => timeout)).toEqual([251, 251, 251]);
    machine.timeout = 100_000;
    run();
    expect(libc.polls.at(-1)!.timeout).toBe(1000);
  });

  test('does pieces of other work while nothing arrives, without waiting, until there is no more', () => {
    let pieces = 3;
    const waits: number[] = [];
    const turns = [NOTHING, new Map([[TUN, POLLIN]]), NOTHING, NOTHING, NOTHING];
    libc.toRead.push(Uint8Array.of(1), 'EAGAIN');
    machine.timeout = now;
    loop.useIdleTime(() => {
      log.push(`work, ${machine.packets.length} packets, ${machine.timeouts.length} timeouts`);
      return --pieces > 0;
    });
    libc.onPoll = (timeout) => {
      waits.push(timeout);
      const next = turns.shift();
      if (turns.length === 0) loop.stop();
      return next ?? NOTHING;
    };
    loop.run();
    expect(log).toEqual([
      'work, 0 packets, 0 timeouts',
      'work, 1 packets, 1 timeouts',
      'work, 1 packets, 1 timeouts',
    ]);
    expect(waits).toEqual([0, 0, 0, 0, 1000]);
  });

  test('calls handleTimeout when the timeout of the machine has come', () => {
    machine.timeout = 1250.5;
    libc.onPoll = (timeout) => {
      now += timeout;
      if (machine.timeouts.length > 0) loop.stop();
      return NOTHING;
    };
    loop.run();
    expect(machine.timeouts).toEqual([1251]);
  });

  test('returns the result of a command, and sends its output at once', () => {
    libc.toRead.push(new Uint8Array(8));
    onWake = () => {
      const result = loop.command((one, at) => {
        one.sink.sendDatagram(Uint8Array.of(5), 0, 1, new UdpEndpoint(9, 9), 0, 3);
        one.sink.event(EVENT);
        return at;
      });
      log.push(`answer ${result}, ${libc.sent.length} sent`);
    };
    run(new Map([[WAKE, POLLIN]]));
    expect(log).toEqual(['answer 1000, 1 sent', 'router-reachable']);
  });

  test('throws the exception of a command, and continues', () => {
    onWake = () => {
      expect(() =>
        loop.command(() => {
          throw new TypeError('no');
        }),
      ).toThrow('no');
    };
    libc.toReceive.push([{ bytes: Uint8Array.of(1) }]);
    run(new Map([[WAKE, POLLIN]]), new Map([[UDP, POLLIN]]));
    expect(machine.datagrams).toHaveLength(1);
  });

  test('copies what passes both sides while there is a tap, before anything is changed', () => {
    const ring = new TappedRing();
    const to = new UdpEndpoint(parseIPv4('198.51.100.7'), 700);
    machine.onDatagram = (bytes, offset) => {
      bytes[offset] = 99;
      machine.sink.deliverPacket(bytes, offset, 2);
    };
    machine.onPacket = (bytes, offset, length) => {
      bytes[offset]! += 1;
      machine.sink.sendDatagram(bytes, offset, length, to, 0, 0);
    };
    const passes = (): void => {
      libc.toReceive.push([{ bytes: Uint8Array.of(1, 2), address: '192.0.2.9', port: 700 }]);
      libc.toRead.push(Uint8Array.of(3, 4));
      run(new Map([[UDP, POLLIN]]), new Map([[TUN, POLLIN]]));
    };
    passes();
    expect(ring.take()).toEqual([]);
    loop.tap = ring.tap;
    now = 1500;
    passes();
    expect(ring.take()).toEqual([
      'outer in 1500 1,2 700>1',
      'inner in 1500 99,2',
      'inner out 1500 3,4',
      'outer out 1500 4,4 1>700',
    ]);
    loop.useUdp(OTHER_UDP, 9);
    passes();
    expect(ring.take().at(-1)).toMatch(/9>700$/);
    loop.tap = null;
    passes();
    expect(ring.take()).toEqual([]);
  });

  test('changes to another UDP socket', () => {
    onWake = () => loop.useUdp(OTHER_UDP, 1);
    run(new Map([[WAKE, POLLIN]]));
    expect([...libc.polls.at(-1)!.watched.keys()]).toEqual([WAKE, OTHER_UDP, TUN]);
  });

  test('receives from the socket for the local network as well', () => {
    loop.useLan(LAN);
    libc.toReceive.push([{ bytes: Uint8Array.of(1) }]);
    run(new Map([[LAN, POLLIN]]));
    expect(machine.datagrams).toHaveLength(1);
  });

  test('emits the remaining events when it stops', () => {
    loop.command((one) => one.sink.event(EVENT));
    run();
    expect(log).toEqual(['router-reachable']);
  });

  test.each(['EAGAIN', 'EINTR'])('does not count %s as a receive error', (failure) => {
    libc.toReceive.push(failure, [{ bytes: Uint8Array.of(1) }]);
    run(new Map([[UDP, POLLIN]]), new Map([[UDP, POLLIN]]));
    expect(machine.datagrams).toHaveLength(1);
    expect(loop.counters.udp.receiveErrors).toEqual({});
  });

  test('counts ICMP errors about earlier datagrams, and continues', () => {
    libc.toReceive.push('ECONNREFUSED', 'EHOSTUNREACH', [{ bytes: Uint8Array.of(1) }]);
    const turn = new Map([[UDP, 8]]);
    run(turn, turn, turn);
    expect(machine.datagrams).toHaveLength(1);
    expect(loop.counters.udp.receiveErrors).toEqual({ ECONNREFUSED: 1, EHOSTUNREACH: 1 });
  });

  test('pauses a socket that fails persistently', () => {
    for (let count = 0; count < 40; count++) libc.toReceive.push('EBADF');
    run(...new Array(20).fill(new Map([[UDP, 8]])));
    const { watched, timeout } = libc.polls[16]!;
    expect(watched.has(UDP)).toBe(false);
    expect(timeout).toBe(50);
  });

  test('pauses an interface that is down, and then reads it again', () => {
    libc.toRead.push('EIO');
    run(new Map([[TUN, POLLIN]]), NOTHING);
    expect(libc.polls[1]!.watched.has(TUN)).toBe(false);
    expect(libc.polls[1]!.timeout).toBe(50);
    now += 51;
    run();
    expect(libc.polls.at(-1)!.watched.has(TUN)).toBe(true);
  });

  test('reports once that the interface was removed, and continues without it', () => {
    libc.toRead.push('EBADFD', 'EBADFD');
    run(new Map([[TUN, 8]]), NOTHING);
    expect(log).toEqual(['gone']);
    expect(libc.polls[1]!.watched.has(TUN)).toBe(false);
  });

  describe('when the send buffer of the socket is full', () => {
    let isFull: boolean;

    beforeEach(() => {
      isFull = true;
      libc.onSend = () => (isFull ? 'EAGAIN' : null);
      machine.onPacket = (bytes, offset, length) =>
        machine.sink.sendDatagram(bytes, offset, length, new UdpEndpoint(1, 1), 0, 0);
      libc.toRead.push(Uint8Array.of(1));
    });

    test('waits for POLLOUT, which slows the senders down', () => {
      const turns = [new Map([[TUN, POLLIN]])];
      libc.onPoll = () => {
        const { watched } = libc.polls.at(-1)!;
        if (watched.get(UDP) === POLLOUT) {
          isFull = false;
          return new Map([[UDP, POLLOUT]]);
        }
        const next = turns.shift();
        if (next === undefined) loop.stop();
        return next ?? NOTHING;
      };
      loop.run();
      expect(libc.sent).toHaveLength(1);
      expect(loop.counters.udp.queueDrops).toBe(0);
    });

    test('drops and counts datagrams in the end', () => {
      run(new Map([[TUN, POLLIN]]), NOTHING);
      expect(loop.counters.udp.queueDrops).toBe(1);
      expect(libc.polls[1]).toMatchObject({ timeout: 100 });
    });
  });

  test('sends in parts a batch that exceeds one sendmmsg', () => {
    machine.onDatagram = (bytes, offset, length) => {
      for (let port = 1; port <= 100; port++) {
        machine.sink.sendDatagram(bytes, offset, length, new UdpEndpoint(1, port), 0, 0);
      }
    };
    libc.toReceive.push([{ bytes: Uint8Array.of(1) }]);
    run(new Map([[UDP, POLLIN]]));
    expect(libc.sent.map(({ to }) => Number(to.split(':')[1]))).toEqual(
      Array.from({ length: 100 }, (_, index) => index + 1),
    );
    expect(loop.counters).toMatchObject({ sendCalls: 2, messagesSent: 100, datagramsSent: 100 });
  });
});
