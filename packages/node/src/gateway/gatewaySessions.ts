import { randomBytes } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { parseIPv4, UdpEndpoint } from '@6bed4/codec';
import { ClientGate, closeCodes, StrangerLimits } from '@6bed4/gateway';
import { EndpointPolicy } from '@6bed4/tunnel';
import type { WebSocket } from 'ws';
import { type Libc, tryLoadLibc } from '../drivers/kernel/libc.js';
import { AddressNumbers, AddressTexts } from '../drivers/udp/addressText.js';
import { StartError } from '../errors.js';
import { secureRandom } from '../random.js';
import { now, setTimeout } from '../realTimers.js';
import { BatchedSender } from './batchedSender.js';
import { ClientSession, type Connection, type SessionHost } from './clientSession.js';
import { ClientSocket } from './clientSocket.js';
import { ClientSources } from './clientSources.js';
import { type ConnectionFailure, type GatewayCounters, GatewayCounts } from './gatewayCounters.js';
import type { GatewaySettings } from './gatewayOptions.js';
import { PortPool } from './portPool.js';

const RESUME_BYTES = 24;
/** Milliseconds that a client has to take leave when its connection is ended. */
const LEAVE_TIME = 2_000;
/** Milliseconds for which receipts wait for each other. */
const RECEIPT_DELAY = 10;
/** Ports that are tried when others hold some of them. */
const PORT_ATTEMPTS = 8;
const MS_PER_SECOND = 1000;
/** Milliseconds between two looks at the addresses of this computer. */
const ADDRESSES_AGE = 10_000;

/** All clients of a gateway, and their ports. */
export class GatewaySessions implements SessionHost {
  readonly settings: GatewaySettings;
  readonly counts: GatewayCounts = new GatewayCounts();
  readonly numbers: AddressNumbers = new AddressNumbers();
  /** Is told of connections that end for a reason. */
  onFailure: (socket: WebSocket, failure: ConnectionFailure) => void = () => {};
  /** Is told of endpoints that are given up. */
  onGone: (endpoint: string) => void = () => {};
  readonly #libc: Libc | null;
  readonly #batched: BatchedSender | null;
  readonly #texts = new AddressTexts();
  readonly #ports: PortPool;
  readonly #policy: EndpointPolicy;
  readonly #strangers = new StrangerLimits(secureRandom);
  readonly #byPort = new Map<number, ClientSession>();
  readonly #byName = new Map<string, ClientSession>();
  /** Clients, and connections that are to become some. */
  readonly #sources: ClientSources<ClientSession | Connection>;
  readonly #due = new Set<ClientSession>();
  readonly #routers: ReadonlySet<number>;
  readonly #publicBits: number;
  #ownAddresses: ReadonlySet<number> = new Set();
  #ownAt = Number.NEGATIVE_INFINITY;
  #connected = 0;
  #opening = 0;
  #isClosed = false;

  private constructor(settings: GatewaySettings, libc: Libc | null, batched: BatchedSender | null) {
    this.settings = settings;
    this.#libc = libc;
    this.#batched = batched;
    this.#ports = new PortPool(settings.ports, secureRandom);
    this.#publicBits = parseIPv4(settings.publicAddress) | 0;
    this.#policy = EndpointPolicy.deduceFrom(parseIPv4(settings.publicAddress), settings);
    const keys = settings.routers.map(({ address, port }) => keyOf(parseIPv4(address) | 0, port));
    this.#routers = new Set(keys);
    this.#sources = new ClientSources(settings.maxPerAddress);
  }

  static async open(settings: GatewaySettings): Promise<GatewaySessions> {
    const libc = await tryLoadLibc();
    return new GatewaySessions(settings, libc, libc && (await BatchedSender.open()));
  }

  /** Clients with a connection, and those that are away. */
  get clients(): { readonly connected: number; readonly away: number } {
    return { connected: this.#connected, away: this.#byName.size - this.#connected };
  }

  get counters(): GatewayCounters {
    const counters = this.counts.snapshot();
    const errors = Object.entries(this.#batched?.errors ?? {});
    const sum = (code: string, count: number) => (counters.sendErrors[code] ?? 0) + count;
    const found = Object.fromEntries(errors.map(([code, count]) => [code, sum(code, count)]));
    return { ...counters, sendErrors: { ...counters.sendErrors, ...found } };
  }

  get freePorts(): number {
    return this.#ports.free;
  }

  /** Checks that there can be endpoints. @throws StartError */
  async checkAddress(): Promise<void> {
    const port = this.#ports.take();
    if (port === null) throw new StartError('EADDRINUSE', 'no UDP port is free for clients');
    try {
      (await this.#openSocket(port, () => {})).close();
    } catch (error) {
      // Others may hold this one.
      if (!(error instanceof StartError) || error.code !== 'EADDRINUSE') throw error;
    } finally {
      this.#ports.give(port);
    }
  }

  /**
   * Gives a connection its endpoint: the one that it had, if it names one that is kept, or another.
   *
   * @returns null when it was refused
   */
  async admit(
    connection: Connection,
    resume: string | null,
  ): Promise<{ readonly session: ClientSession; readonly resumed: boolean } | null> {
    const { socket, source } = connection;
    let session: ClientSession | null = null;
    socket.on('message', (data, isBinary) => {
      if (session?.connection === connection) session.received(data as Buffer, isBinary);
      else
        this.end(socket, 'protocol-error', closeCodes.protocolError, 'a message before the hello');
    });
    const kept = resume === null ? undefined : this.#byName.get(resume);
    if (kept?.source !== source && !this.#makeRoom(source)) {
      this.end(socket, 'per-address', closeCodes.tooMany, 'too many clients of this address');
      return null;
    }
    if (kept !== undefined) {
      session = kept;
      this.counts.connectionsResumed++;
      this.#attach(kept, connection, true);
      return { session: kept, resumed: true };
    }
    if (this.#byName.size + this.#opening >= this.settings.maxClients) {
      return this.#refuse(socket, 'full', 'no place for another client');
    }
    this.#opening++;
    this.#sources.add(source, connection);
    try {
      session = await this.#newSession();
    } finally {
      this.#opening--;
      this.#sources.delete(source, connection);
    }
    if (session === null) return this.#refuse(socket, 'no-port', 'no port is free');
    if (this.#isClosed || socket.readyState !== socket.OPEN) {
      this.#remove(session, closeCodes.goingAway, '');
      return null;
    }
    this.#attach(session, connection, false);
    return { session, resumed: false };
  }

  end(socket: WebSocket, failure: ConnectionFailure, code: number, reason: string): void {
    if (socket.readyState !== socket.OPEN) return;
    this.counts.failed(failure);
    this.onFailure(socket, failure);
    // Whatever it still says is not listened to, and it cannot keep the connection by not answering.
    socket.removeAllListeners('message').removeAllListeners('ping');
    socket.close(code, reason);
    setTimeout(() => socket.terminate(), LEAVE_TIME).unref();
  }

  clientAt(endpoint: Readonly<UdpEndpoint>): ClientSession | null {
    if (endpoint.addressBits !== this.#publicBits) return null;
    return this.#byPort.get(endpoint.port) ?? null;
  }

  receiptIsDue(session: ClientSession): void {
    if (this.#due.size === 0) setTimeout(() => this.#sendReceipts(), RECEIPT_DELAY);
    this.#due.add(session);
  }

  detached(): void {
    this.#connected--;
  }

  /** Looks after all clients; called once a second. */
  tick(at: number): void {
    const keep = this.settings.resumeFor * MS_PER_SECOND;
    for (const session of this.#byName.values()) {
      if (session.connection !== null) session.tick(at);
      else if (at - session.detachedAt >= keep) this.#remove(session, closeCodes.done, '');
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const session of [...this.#byName.values()]) {
      this.#remove(session, closeCodes.goingAway, 'the gateway ends');
    }
    this.#batched?.close();
  }

  #attach(session: ClientSession, connection: Connection, resumed: boolean): void {
    this.#connected++;
    this.counts.connectionsAccepted++;
    this.#sources.delete(session.source, session);
    session.attach(connection, resumed);
    this.#sources.add(session.source, session);
  }

  #refuse(socket: WebSocket, failure: ConnectionFailure, reason: string): null {
    this.end(socket, failure, closeCodes.tryAgainLater, reason);
    return null;
  }

  /** Whether a source may have another client; one that is away gives way to one that is there. */
  #makeRoom(source: string): boolean {
    if (!this.#sources.isFull(source)) return true;
    for (const member of this.#sources.of(source)) {
      if (!(member instanceof ClientSession) || member.connection !== null) continue;
      this.#remove(member, closeCodes.done, '');
      return true;
    }
    return false;
  }

  async #newSession(): Promise<ClientSession | null> {
    for (let attempt = 0; attempt < PORT_ATTEMPTS; attempt++) {
      const port = this.#ports.take();
      if (port === null) return null;
      const session = this.#sessionAt(port);
      try {
        session.useSocket(
          await this.#openSocket(port, (bytes, from) => session.arrived(bytes, from)),
        );
      } catch (error) {
        this.#ports.give(port);
        if (!(error instanceof StartError)) throw error;
        this.counts.sendError(error.code);
        continue;
      }
      this.#byPort.set(port, session);
      this.#byName.set(session.resume, session);
      return session;
    }
    return null;
  }

  #sessionAt(port: number): ClientSession {
    const address = this.settings.publicAddress;
    const gate = new ClientGate({
      profile: this.settings.profile,
      endpoint: new UdpEndpoint(parseIPv4(address), port),
      isRouter: (to) => this.#routers.has(keyOf(to.addressBits, to.port)),
      mayReach: (to) => this.#mayReach(to),
      strangers: this.#strangers,
    });
    const resume = randomBytes(RESUME_BYTES).toString('base64url');
    return new ClientSession(this, { address, port }, resume, gate);
  }

  #openSocket(
    port: number,
    handler: (bytes: Uint8Array, from: { address: string; port: number }) => void,
  ) {
    const { listen: address } = this.settings;
    const [libc, texts, batched] = [this.#libc, this.#texts, this.#batched];
    return ClientSocket.open({ address, port, libc, texts, batched }, handler);
  }

  /** Other nodes are on the Internet; of this computer there are other clients alone. */
  #mayReach(to: Readonly<UdpEndpoint>): boolean {
    if (!this.#policy.accepts(to)) return false;
    if (to.addressBits === this.#publicBits) return this.#byPort.has(to.port);
    return !this.#own().has(to.addressBits);
  }

  #own(): ReadonlySet<number> {
    const at = now();
    if (at - this.#ownAt > ADDRESSES_AGE) {
      this.#ownAt = at;
      const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
      const texts = all.filter(({ family }) => family === 'IPv4').map(({ address }) => address);
      this.#ownAddresses = new Set(
        [...texts, this.settings.listen].map((one) => parseIPv4(one) | 0),
      );
    }
    return this.#ownAddresses;
  }

  #remove(session: ClientSession, code: number, reason: string): void {
    const { address, port } = session.endpoint;
    this.#byName.delete(session.resume);
    this.#byPort.delete(port);
    this.#due.delete(session);
    this.#sources.delete(session.source, session);
    session.close(code, reason);
    this.#ports.give(port);
    this.onGone(`${address}:${port}`);
  }

  #sendReceipts(): void {
    const sessions = [...this.#due];
    this.#due.clear();
    for (const session of sessions) session.sendReceipt();
  }
}

const PORTS = 65_536;

function keyOf(addressBits: number, port: number): number {
  return addressBits * PORTS + port;
}
