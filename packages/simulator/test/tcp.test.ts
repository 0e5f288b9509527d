import { StreamProgram } from '@6bed4/testing/streamProgram';
import { describe, expect, test } from 'vitest';
import { arrows, Internet, natTypes, type PeerNode, type TcpSocket } from '../src/index.js';
import { byteStream, HASTE, timerOf } from './support/tcp.js';

const SECOND = 1_000;

/** A router, and two peers behind NATs that have addresses. */
function twoPeers(): { net: Internet; a: PeerNode; b: PeerNode } {
  const net = new Internet({ seed: 1, trace: true });
  net.router('r', { address: '198.51.100.1' });
  const [a, b] = ['a', 'b'].map((name, index) => {
    const external = `192.0.2.${index + 1}0`;
    const behind = net.nat(`nat ${name}`, { external, ...natTypes.portRestrictedCone });
    return net.peer(name, { behind });
  }) as [PeerNode, PeerNode];
  net.run(SECOND);
  return { net, a, b };
}

describe('a peer with TCP', () => {
  test('connects to another one, and both carry data and end', () => {
    const { net, a, b } = twoPeers();
    const programs: StreamProgram[] = [];
    const begin = (socket: TcpSocket, writes: number): void => {
      const streams = { writes, reads: 1 - writes };
      const habits = { ...HASTE, length: 100_000 };
      const program = new StreamProgram(byteStream(socket), timerOf(net), streams, habits);
      programs.push(program);
      socket.onEvent = (event) => {
        if (event === 'open') program.opened();
        if (event === 'readable') program.readable();
        if (event === 'writable') program.writable();
      };
    };
    b.tcp.listen(80, (socket) => begin(socket, 1));
    const socket = a.tcp.connect(b.address!, 80)!;
    begin(socket, 0);
    net.run(10 * SECOND);
    expect(programs.map(({ read, wrongAt, sawEnd }) => ({ read, wrongAt, sawEnd }))).toEqual([
      { read: 100_000, wrongAt: -1, sawEnd: true },
      { read: 100_000, wrongAt: -1, sawEnd: true },
    ]);
    expect(socket.error).toBeNull();
    expect(a.paths.get(b.address!)?.path).toBe('direct');
    net.run(60 * SECOND);
    expect(a.tcp.stack.connectionCount + b.tcp.stack.connectionCount).toBe(0);
  });

  test('shows its segments in the trace', () => {
    const { net, a, b } = twoPeers();
    b.tcp.listen(80, (socket) => {
      socket.onEvent = (event) => {
        if (event === 'readable' && socket.read(new Uint8Array(10)) > 0) socket.end();
      };
    });
    const from = net.now;
    const socket = a.tcp.connect(b.address!, 80)!;
    socket.onEvent = (event) => {
      if (event === 'open') socket.write(new Uint8Array(5));
      if (event === 'readable') socket.abort();
    };
    net.run(2 * SECOND);
    const segments = arrows(net.trace!)
      .filter(({ label, from: sender }) => label.startsWith('TCP') && sender !== 'r')
      .map(({ label }) => label);
    expect(segments).toEqual([
      'TCP SYN a → b',
      'TCP SYN+ACK b → a',
      'TCP ACK a → b',
      'TCP ACK 5 bytes a → b',
      'TCP ACK b → a',
      'TCP ACK+FIN b → a',
      'TCP ACK a → b',
      'TCP ACK+RST a → b',
    ]);
    expect(net.ladder({ from })).toContain('TCP ACK 5 bytes a → b');
  });

  test('is refused where nobody listens, and its segments are no packets of the application', () => {
    const { net, a, b } = twoPeers();
    b.tcp.listen(81, () => {});
    const socket = a.tcp.connect(b.address!, 80)!;
    net.run(SECOND);
    expect(socket.events).toEqual(['closed']);
    expect(socket.error).toBe('ECONNREFUSED');
    expect([...a.received, ...b.received]).toEqual([]);
  });

  test('does not connect without an address', () => {
    const net = new Internet();
    const lonely = net.peer('lonely', { routers: ['198.51.100.1'] });
    expect(lonely.tcp.connect('fc64::1', 80)).toBeNull();
  });

  test('listens at a port once, and again when it was given back', () => {
    const { b } = twoPeers();
    b.tcp.listen(80, () => {});
    expect(() => b.tcp.listen(80, () => {})).toThrow('port 80 is in use');
    b.tcp.unlisten(80);
    b.tcp.listen(80, () => {});
  });

  test('sends nothing while its program does not run, and goes on afterwards', () => {
    const { net, a, b } = twoPeers();
    b.tcp.listen(80, () => {});
    const socket = a.tcp.connect(b.address!, 80)!;
    net.run(SECOND);
    b.pause();
    socket.write(new Uint8Array(1_000));
    net.run(5 * SECOND);
    expect(socket.connection.buffered).toBe(1_000);
    b.unpause();
    net.run(5 * SECOND);
    expect(socket.connection.buffered).toBe(0);
    a.pause();
    const before = a.tcp.stack.counters.segmentsSent;
    a.jump(600 * SECOND);
    net.run(SECOND);
    expect(a.tcp.stack.counters.segmentsSent).toBe(before);
    a.unpause();
    socket.write(new Uint8Array(1_000));
    net.run(5 * SECOND);
    expect(socket.connection.buffered).toBe(0);
  });
});
