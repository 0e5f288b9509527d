import { parseIPv6, sameIPv6Address } from '@6bed4/codec';
import { openGatewayPeer } from '@6bed4/gateway';
import { buildEcho, echoReplyTo, nextHeader, parseEcho } from '@6bed4/nd';
import { TcpStack } from '@6bed4/tcp';

const ICMPV6 = 58;
const TCP = 6;
const PAUSE = 200;
const TRIES = 25;
const PATIENCE = 10_000;
const CHUNK = 4096;

/** A peer with pings and TCP, on any platform that has what a page has. */
export class PagePeer {
  address = null;
  #platform;
  #tunnel;
  #stack;
  #timer;
  #events = [];
  #watchers = new Map();
  #echoes = new Map();
  #sequence = 0;

  /**
   * @param options - `gateway`, `token`, `platform`, and the callbacks `changed(event)` and `closed(failure)`
   */
  constructor({ gateway, token, platform, changed, closed }) {
    this.#platform = platform;
    const word = new Uint32Array(1);
    const random = () => platform.crypto.getRandomValues(word)[0] / 2 ** 32;
    this.#stack = new TcpStack(
      { random },
      {
        sendPacket: (bytes, offset, length) =>
          this.#tunnel.send(bytes.subarray(offset, offset + length)),
        event: (connection, event) => this.#events.push([connection, event]),
        accepted: () => {},
      },
    );
    this.#tunnel = openGatewayPeer({
      ...{ gateway, token, platform, closed },
      packet: (packet) => this.#received(packet),
      event: (event) => {
        if (event.type.startsWith('address-')) {
          this.address = event.type === 'address-lost' ? null : event.address;
        }
        changed(event);
      },
    });
  }

  /** Pings an address until it answers; resolves to milliseconds. */
  async ping(remote) {
    for (let count = 0; count < TRIES; count++) {
      const sequence = ++this.#sequence & 0xffff;
      const answer = new Promise((resolve) => this.#echoes.set(sequence, resolve));
      const at = this.#platform.performance.now();
      this.#tunnel.send(
        buildEcho({
          type: 'echo-request',
          source: parseIPv6(this.address),
          destination: parseIPv6(remote),
          hopLimit: 64,
          identifier: 0x6bed,
          sequence,
          data: new Uint8Array(8),
        }),
      );
      const found = await Promise.race([answer.then(() => true), this.#sleep(PAUSE)]);
      this.#echoes.delete(sequence);
      if (found === true) return this.#platform.performance.now() - at;
    }
    throw new Error(`no answer from ${remote}`);
  }

  /** Connects by TCP, and resolves to the text that comes until the other side ends. */
  load(remote, port) {
    return new Promise((resolve, reject) => {
      const parts = [];
      const decoder = new TextDecoder();
      const buffer = new Uint8Array(CHUNK);
      const connection = this.#run((now) =>
        this.#stack.connect(
          { address: parseIPv6(this.address), port: 49_152 + (++this.#sequence % 16_384) },
          { address: parseIPv6(remote), port },
          now,
        ),
      );
      const timer = this.#platform.setTimeout(() => finish(new Error('no answer')), PATIENCE);
      const finish = (error) => {
        this.#platform.clearTimeout(timer);
        this.#watchers.delete(connection);
        this.#run((now) => (error ? connection.abort(now) : connection.close(now)));
        if (error) reject(error);
        else resolve(parts.join('') + decoder.decode());
      };
      this.#watchers.set(connection, (event) => {
        for (;;) {
          const length = this.#run((now) => connection.read(buffer, 0, CHUNK, now));
          if (length === 0) break;
          parts.push(decoder.decode(buffer.subarray(0, length), { stream: true }));
        }
        if (connection.isEnded) finish(null);
        else if (event === 'closed') finish(new Error('the connection failed'));
      });
      this.#handOver();
    });
  }

  networkChanged() {
    this.#tunnel.networkChanged();
  }

  close() {
    this.#platform.clearTimeout(this.#timer);
    this.#tunnel.close();
  }

  #received(packet) {
    if (nextHeader(packet, 0) === TCP) {
      this.#run((now) => this.#stack.handlePacket(packet, 0, packet.length, now));
      this.#handOver();
    }
    if (nextHeader(packet, 0) !== ICMPV6) return;
    const { value: echo } = parseEcho(packet, 0, packet.length);
    if (echo === undefined) return;
    if (echo.type === 'echo-reply') this.#echoes.get(echo.sequence)?.();
    else if (this.address && sameIPv6Address(echo.destination, 0, parseIPv6(this.address), 0)) {
      this.#tunnel.send(buildEcho(echoReplyTo(echo)));
    }
  }

  /** Calls the stack, and sets its timer. */
  #run(action) {
    const { performance } = this.#platform;
    const result = action(performance.now());
    this.#platform.clearTimeout(this.#timer);
    const at = this.#stack.nextTimeout();
    if (at < Number.POSITIVE_INFINITY) {
      const delay = Math.max(0, Math.ceil(at - performance.now()));
      this.#timer = this.#platform.setTimeout(() => {
        this.#run((now) => this.#stack.handleTimeout(now));
        this.#handOver();
      }, delay);
    }
    return result;
  }

  #handOver() {
    for (const [connection, event] of this.#events.splice(0)) {
      this.#watchers.get(connection)?.(event);
    }
  }

  #sleep(milliseconds) {
    return new Promise((resolve) => this.#platform.setTimeout(resolve, milliseconds));
  }
}
