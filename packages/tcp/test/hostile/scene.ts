import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_ICMPV6,
  NEXT_HEADER_OFFSET,
  TCP_FLAGS_OFFSET,
  TCP_RST,
  TCP_SYN,
} from '@6bed4/nd';
import { StreamProgram } from '@6bed4/testing/streamProgram';
import type { TcpConnection, TcpEndpoint, TcpStackOptions } from '../../src/index.js';
import { ADDRESSES, Lab, type LabHost } from '../properties/lab.js';
import type { Knowledge } from './strangers.js';

export const PORT = 80;
const FIRST_PORT = 50_000;
const MOST_SEEN = 64;
const flagsOf = (packet: Uint8Array): number => packet[IPV6_HEADER_LENGTH + TCP_FLAGS_OFFSET]!;

/** The end of a program's conversation. */
export interface Outcome {
  readonly error: string | null;
  readonly read: number;
  readonly wrongAt: number;
  readonly sawEnd: boolean;
}

/** Two hosts whose programs talk over some connections, slowly, so that there is time to attack them. */
export class Scene {
  readonly lab: Lab;
  readonly programs: StreamProgram[] = [];
  readonly connections: TcpConnection[] = [];
  /** Resets that each host has sent. */
  readonly resets: [number, number] = [0, 0];
  /** Segments that each host has sent. */
  readonly sent: [number, number] = [0, 0];
  readonly length: number;
  readonly #seen: [Uint8Array[], Uint8Array[]] = [[], []];
  readonly #of = new Map<TcpConnection, StreamProgram>();
  readonly #streams: number;

  /**
   * @param streams - connections
   * @param length - bytes of each stream
   * @param time - milliseconds for them
   */
  constructor(
    streams: number,
    length: number,
    time: number,
    options: Partial<TcpStackOptions> = {},
  ) {
    this.#streams = streams;
    this.length = length;
    this.lab = new Lab(1, [options, options]);
    const { lab } = this;
    const piece = 1_000;
    const writeEvery = (time * piece) / length;
    const habits = {
      length,
      piece,
      writeEvery,
      bite: 16_384,
      readEvery: 0,
      readAfter: 0,
      endsLast: false,
    };
    const adopt = (host: LabHost, connection: TcpConnection): StreamProgram => {
      const number = this.#numberOf(connection);
      const writes = 2 * number + host.number;
      const program = new StreamProgram(connection, host, { writes, reads: writes ^ 1 }, habits);
      this.programs.push(program);
      this.connections.push(connection);
      this.#of.set(connection, program);
      return program;
    };
    lab.hosts[1].stack.listen(null, PORT);
    for (const host of lab.hosts) {
      host.onEvent = (connection, event) => {
        // Strangers open connections, too.
        const isOurs = this.#numberOf(connection) < streams;
        const program = this.#of.get(connection) ?? (isOurs ? adopt(host, connection) : undefined);
        if (event === 'open') program?.opened();
        if (event === 'readable') program?.readable();
        if (event === 'writable') program?.writable();
      };
    }
    lab.onPacket = (from, packet) => this.#note(from, packet);
    const [client] = lab.hosts;
    client.call(() => {
      for (let number = 0; number < streams; number++) {
        client.stack.connect(...this.pair(number), client.now());
      }
    });
    lab.run(lab.now + 100);
    for (const seen of this.#seen) seen.length = 0;
    // What strangers may replay is none of a handshake.
    lab.run(lab.now + 100);
  }

  /** The endpoints of a connection: client and server. */
  pair(number: number): [TcpEndpoint, TcpEndpoint] {
    return [
      { address: ADDRESSES[0], port: FIRST_PORT + number },
      { address: ADDRESSES[1], port: PORT },
    ];
  }

  /** What those know who attack a host. */
  knowledge(victim: 0 | 1): Knowledge {
    const pairs = Array.from({ length: this.#streams }, (_, number) => {
      const [client, server] = this.pair(number);
      return victim === 1 ? ([client, server] as const) : ([server, client] as const);
    });
    return { pairs, seen: this.#seen[victim], own: this.#seen[1 - victim]! };
  }

  /** Gives a host a segment, or an ICMPv6 error, at once. */
  attack(victim: 0 | 1, packet: Uint8Array): void {
    const { stack, call, now } = this.lab.hosts[victim];
    call(() => {
      if (packet[NEXT_HEADER_OFFSET] === NEXT_HEADER_ICMPV6) {
        stack.handleIcmpError(packet, 0, packet.length, now());
      } else {
        stack.handlePacket(packet, 0, packet.length, now());
      }
    });
  }

  /** How each program fared. */
  outcomes(): Outcome[] {
    return this.programs.map(({ read, wrongAt, sawEnd }, index) => {
      return { error: this.connections[index]!.error, read, wrongAt, sawEnd };
    });
  }

  /** How each program has to fare. */
  expected(): Outcome[] {
    const { length } = this;
    return this.programs.map(() => ({ error: null, read: length, wrongAt: -1, sawEnd: true }));
  }

  #numberOf({ local, remote }: TcpConnection): number {
    return Math.max(local.port, remote.port) - FIRST_PORT;
  }

  #note(from: number, packet: Uint8Array): void {
    const flags = flagsOf(packet);
    this.sent[from]!++;
    if ((flags & TCP_RST) !== 0) this.resets[from]!++;
    if ((flags & (TCP_SYN | TCP_RST)) !== 0) return;
    const seen = this.#seen[1 - from]!;
    seen.push(packet.slice());
    if (seen.length > MOST_SEEN) seen.shift();
  }
}

/** Bytes of the heap that are in use, when what is not needed is gone. */
export function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // Buffers that nobody has any more are given back while the next collection begins.
  for (let round = 0; round < 3; round++) collect();
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
}
