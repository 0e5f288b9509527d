import { parseEndpoint, parseIPv4 } from '@6bed4/codec';
import { seededRandom } from '@6bed4/testing/random';
import { Router, type RouterOptions } from '../../src/index.js';
import { Recorder } from './recorder.js';

/** A router with a recorder, and short ways to feed it. */
export class RouterBench {
  readonly recorder = new Recorder();
  readonly router: Router;
  now = 1_000;

  constructor(options: Partial<RouterOptions> = {}) {
    this.router = new Router(
      { address: '198.51.100.1', random: seededRandom(1), ...options },
      this.recorder,
    );
  }

  /** A datagram arrives from `from`; what the router sent and delivered since is in the recorder. */
  datagram(from: string, payload: Uint8Array): Recorder {
    this.recorder.clear();
    const { address, port } = parseEndpoint(from);
    const copy = payload.slice();
    this.router.handleDatagram(copy, 0, copy.length, parseIPv4(address), port, this.now);
    return this.recorder;
  }

  /** The IPv6 side sends a packet. */
  packet(bytes: Uint8Array): Recorder {
    this.recorder.clear();
    this.router.handlePacket(bytes.slice(), 0, bytes.length, this.now);
    return this.recorder;
  }

  /** The drops counted so far. */
  get drops(): Readonly<Partial<Record<string, number>>> {
    return this.router.counters.snapshot().drops;
  }
}
