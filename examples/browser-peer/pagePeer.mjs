import { formatIPv6, parseIPv6, sameIPv6Address } from '@6bed4/codec';
import { openGatewayPeer } from '@6bed4/gateway';
import { buildEcho, echoReplyTo, nextHeader, parseEcho } from '@6bed4/nd';
import { TcpStack } from '@6bed4/tcp';
import { LONGEST_ANSWER, requestFor, textOf } from './httpText.mjs';

const ICMPV6 = 58;
const TCP = 6;
/** Milliseconds between the pings that are sent until one is answered, and how many these are. */
const PAUSE = 200;
const TRIES = 25;
/** Milliseconds for a text to come. */
const PATIENCE = 15_000;
const CHUNK = 16_384;
const FIRST_PORT = 49_152;
const PORTS = 16_384;
const LONGEST_TIMER = 2 ** 31 - 1;

const REASONS = {
  ECONNREFUSED: 'Nobody listens on this port.',
  ECONNRESET: 'The other side has cut the connection.',
  ETIMEDOUT: 'There is no answer.',
};

/** A peer with pings and TCP, on any platform that has what a page has. */
export class PagePeer {
  /** Its IPv6 address; null for none. */
  address = null;
  #platform;
  #tunnel;
  #stack;
  #timer;
  #outgoing = [];
  #events = [];
  #watchers = new Map();
  #echoes = new Map();
  #paths = new Map();
  #sequence = 0;
  #port;

  /**
   * @param options - `gateway`, `token`, `platform` (`globalThis` of a page), and what is called: `opened(hello)`,
   *   `closed(failure)` and `changed(event)` with the events of the peer
   */
  constructor({ gateway, token, platform, opened, closed, changed }) {
    this.#platform = platform;
    const word = new Uint32Array(1);
    const random = () => platform.crypto.getRandomValues(word)[0] / 2 ** 32;
    // Another one after each reload: servers remember the last connection for a while.
    this.#port = Math.floor(random() * PORTS);
    this.#stack = new TcpStack(
      { random },
      {
        sendPacket: (bytes, offset, length) =>
          this.#outgoing.push(bytes.slice(offset, offset + length)),
        event: (connection, event) => this.#events.push([connection, event]),
        accepted: () => {},
      },
    );
    this.#tunnel = openGatewayPeer({
      ...{ gateway, token, platform, opened, closed },
      packet: (packet) => this.#received(packet),
      event: (event) => {
        if (event.type.startsWith('address-')) {
          this.address = event.type === 'address-lost' ? null : event.address;
        }
        if (event.type === 'path-changed') this.#paths.set(event.remote, event.path);
        changed?.(event);
      },
    });
  }

  /** The path of packets to an address, `direct` or `relayed` by the router. */
  pathTo(remote) {
    return this.#paths.get(formatIPv6(parseIPv6(remote))) ?? 'relayed';
  }

  /** Pings an address until it answers. @returns milliseconds for there and back */
  async ping(remote) {
    const destination = parseIPv6(remote, 'address');
    for (let count = 0; count < TRIES; count++) {
      const sequence = ++this.#sequence & 0xffff;
      const answer = new Promise((resolve) => this.#echoes.set(sequence, resolve));
      const at = this.#platform.performance.now();
      this.#tunnel.send(
        buildEcho({
          type: 'echo-request',
          source: this.#source(),
          destination,
          hopLimit: 64,
          identifier: 0x6bed,
          sequence,
          data: new Uint8Array(8),
        }),
      );
      const answeredAt = await Promise.race([answer, this.#sleep(PAUSE)]);
      this.#echoes.delete(sequence);
      if (answeredAt !== undefined) return answeredAt - at;
    }
    throw new Error(`${remote} does not answer.`);
  }

  /** Loads a text by HTTP from an address. @throws Error in words for people */
  async load(remote, port, path = '/') {
    const address = parseIPv6(remote, 'address');
    return textOf(await this.#exchange({ address, port }, requestFor(remote, path)));
  }

  /** Tests the connection to the gateway, and comes back over another one if it is dead. */
  networkChanged() {
    this.#tunnel.networkChanged();
  }

  close() {
    this.#platform.clearTimeout(this.#timer);
    for (const finish of [...this.#watchers.values()]) finish('closed');
    this.#tunnel.close();
  }

  #source() {
    if (this.address === null) throw new Error('This page has no address yet.');
    return parseIPv6(this.address);
  }

  /** Sends bytes by TCP. @returns all that comes until the other side ends */
  #exchange(remote, request) {
    return new Promise((resolve, reject) => {
      const parts = [];
      let length = 0;
      const local = { address: this.#source(), port: FIRST_PORT + (this.#port++ % PORTS) };
      const connection = this.#call((now) => this.#stack.connect(local, remote, now));
      if (connection === null) throw new Error('There are too many connections.');
      const timer = this.#platform.setTimeout(() => finish('There is no answer.'), PATIENCE);
      const finish = (problem) => {
        this.#platform.clearTimeout(timer);
        this.#watchers.delete(connection);
        if (problem === null) resolve(joined(parts, length));
        else reject(new Error(problem));
        this.#run((now) => (problem === null ? connection.end(now) : connection.abort(now)));
      };
      this.#watchers.set(connection, (event) => {
        if (event === 'open') {
          this.#call((now) => connection.write(request, 0, request.length, now));
        }
        for (;;) {
          const part = new Uint8Array(CHUNK);
          const count = this.#call((now) => connection.read(part, 0, CHUNK, now));
          if (count === 0) break;
          length += count;
          parts.push(part.subarray(0, count));
        }
        if (length > LONGEST_ANSWER) finish('The text is too long for this page.');
        else if (connection.isEnded) finish(null);
        else if (event === 'closed') finish(REASONS[connection.error] ?? 'The connection failed.');
      });
      this.#settle();
    });
  }

  #received(packet) {
    const next = nextHeader(packet, 0);
    if (next === TCP || next === ICMPV6) {
      // An error of ICMPv6 may be about a connection.
      this.#run((now) => this.#stack.handlePacket(packet, 0, packet.length, now));
    }
    if (next !== ICMPV6) return;
    const { value: echo } = parseEcho(packet, 0, packet.length);
    if (echo === undefined) return;
    if (echo.type === 'echo-reply') {
      this.#echoes.get(echo.sequence)?.(this.#platform.performance.now());
    } else if (this.address && sameIPv6Address(echo.destination, 0, parseIPv6(this.address), 0)) {
      this.#tunnel.send(buildEcho(echoReplyTo(echo)));
    }
  }

  /** Calls the stack, and does what that leads to. */
  #run(action) {
    this.#call(action);
    this.#settle();
  }

  #call(action) {
    return action(this.#platform.performance.now());
  }

  /** Sends and reports what calls of the stack have led to, and sets its timer. */
  #settle() {
    for (;;) {
      for (const packet of this.#outgoing.splice(0)) this.#tunnel.send(packet);
      const events = this.#events.splice(0);
      if (events.length === 0) break;
      for (const [connection, event] of events) this.#watchers.get(connection)?.(event);
    }
    this.#platform.clearTimeout(this.#timer);
    const at = this.#stack.nextTimeout();
    if (at === Number.POSITIVE_INFINITY) return;
    const delay = Math.max(0, Math.ceil(at - this.#platform.performance.now()));
    this.#timer = this.#platform.setTimeout(
      () => this.#run((now) => this.#stack.handleTimeout(now)),
      Math.min(delay, LONGEST_TIMER),
    );
  }

  #sleep(milliseconds) {
    return new Promise((resolve) => this.#platform.setTimeout(resolve, milliseconds));
  }
}

function joined(parts, length) {
  const all = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
