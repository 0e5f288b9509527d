import { Random } from '@6bed4/testing/random';
import { type TcpConnection, TcpStack, type TcpStackOptions } from '../../src/index.js';
import { ADDRESSES } from '../properties/lab.js';
import { RawRemote } from './rawRemote.js';

const VICTIM = { address: ADDRESSES[1], port: 80 };
const REMOTE = { address: ADDRESSES[0], port: 10_000 };

interface Syn {
  readonly options?: Uint8Array;
  readonly flags?: number;
}

/** A stack with one connection, whose program writes without end, and a remote that keeps to no rule. */
export class Duel {
  readonly stack: TcpStack;
  readonly remote = new RawRemote(REMOTE, VICTIM);
  readonly connection: TcpConnection;
  now = 1_000;
  /** Packets that the victim has sent. */
  packets = 0;
  /** The sequence number of the first byte of the victim. */
  readonly first: number;
  readonly #buffer = new Uint8Array(65_536);
  #connection: TcpConnection | null = null;

  /**
   * @param writes - whether the program writes without end
   * @param syn - of the remote; with the usual options, unless it has others
   */
  constructor(options: Partial<TcpStackOptions>, writes: boolean, syn: Syn = {}) {
    this.stack = new TcpStack(
      { random: new Random(3).fraction, ...options },
      {
        sendPacket: (bytes, offset, length) => {
          this.packets++;
          this.remote.see(bytes.slice(offset, offset + length));
        },
        event: () => {},
        accepted: (listener) => {
          this.#connection = listener.accept();
        },
      },
    );
    this.stack.listen(null, VICTIM.port);
    this.give(this.remote.open(syn.options, syn.flags));
    this.first = this.remote.end;
    this.pass(10);
    this.give(this.remote.segment({}));
    this.connection = this.#connection!;
    if (writes) this.write();
  }

  /** Bytes in the sequence space that the victim has sent so far. */
  get sent(): number {
    return (this.remote.end - this.first) | 0;
  }

  give(packet: Uint8Array): void {
    this.stack.handlePacket(packet, 0, packet.length, this.now);
  }

  /** Writes as much as is taken. */
  write(): void {
    const buffer = this.#buffer;
    while (this.connection.write(buffer, 0, buffer.length, this.now) === buffer.length);
  }

  /** Lets time pass, with what expires in it. */
  pass(milliseconds: number): void {
    const end = this.now + milliseconds;
    for (let steps = 0; this.stack.nextTimeout() <= end; steps++) {
      if (steps > 100_000) throw new Error('timeouts without end');
      this.now = Math.max(this.now, this.stack.nextTimeout());
      this.stack.handleTimeout(this.now);
    }
    this.now = end;
  }
}
