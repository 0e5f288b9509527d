import { randomBytes } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { type Endpoint, parseIPv4, UdpEndpoint } from '@6bed4/codec';
import {
  ClientGate,
  closeCodes,
  type DatagramReceiver,
  type ReceiptSender,
  StrangerLimits,
} from '@6bed4/gateway';
import { EndpointPolicy } from '@6bed4/tunnel';
import { type Libc, tryLoadLibc } from '../drivers/kernel/libc.js';
import { AddressNumbers, AddressTexts } from '../drivers/udp/addressText.js';
import { StartError } from '../errors.js';
import { secureRandom } from '../random.js';
import { now, setImmediate, setTimeout } from '../realTimers.js';
import { BatchedSender } from './batchedSender.js';
import type { ClientConnection } from './clientConnection.js';
import { ClientSession, type ClientSessionHost } from './clientSession.js';
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
export class GatewaySessions implements ClientSessionHost {
  readonly settings: GatewaySettings;
  readonly counts: GatewayCounts = new GatewayCounts();
  readonly numbers: AddressNumbers = new AddressNumbers();
  /** Is told of connections that end for a reason. */
  onFailure: (connection: ClientConnection, failure: ConnectionFailure) => void = () => {};
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
  readonly #sources: ClientSources<ClientSession | ClientConnection>;
  readonly #due = new Set<ReceiptSender>();
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
    connection: ClientConnection,
    resume: string | null,
  ): Promise<{ readonly endpoint: Endpoint; readonly resumed: boolean } | null> {
    const { socket, source } = connection;
    let client: ClientSession | null = null;
    socket.on('message', (data, isBinary) => {
      if (client?.session.connection === connection) client.received(data as Buffer, isBinary);
      else {
        const { protocolError } = closeCodes;
        this.end(connection, 'protocol-error', protocolError, 'a message before the hello');
      }
    });
    const kept = resume === null ? undefined : this.#byName.get(resume);
    if (kept?.source !== source && !this.#makeRoom(source)) {
      this.end(connection, 'per-address', closeCodes.tooMany, 'too many clients of this address');
      return null;
    }
    if (kept !== undefined) {
      client = kept;
      this.counts.connectionsResumed++;
      this.#attach(kept, connection, true);
      return { endpoint: kept.session.endpoint, resumed: true };
    }
    if (this.#byName.size + this.#opening >= this.settings.maxClients) {
      return this.#refuse(connection, 'full', 'no place for another client');
    }
    this.#opening++;
    this.#sources.add(source, connection);
    try {
      client = await this.#newSession();
    } finally {
      this.#opening--;
      this.#sources.delete(source, connection);
    }
    if (client === null) return this.#refuse(connection, 'no-port', 'no port is free');
    if (this.#isClosed || !connection.isOpen) {
      this.#remove(client, closeCodes.goingAway, '');
      return null;
    }
    this.#attach(client, connection, false);
    return { endpoint: client.session.endpoint, resumed: false };
  }

  now(): number {
    return now();
  }

  defer(action: () => void): void {
    setImmediate(action);
  }

  end(
    connection: ClientConnection,
    failure: ConnectionFailure,
    code: number,
    reason: string,
  ): void {
    if (!connection.isOpen) return;
    const { socket } = connection;
    this.counts.failed(failure);
    this.onFailure(connection, failure);
    // Whatever it still says is not listened to, and it cannot keep the connection by not answering.
    socket.removeAllListeners('message').removeAllListeners('ping');
    socket.close(code, reason);
    setTimeout(() => socket.terminate(), LEAVE_TIME).unref();
  }

  sessionAt(endpoint: Readonly<UdpEndpoint>): DatagramReceiver | null {
    if (endpoint.addressBits !== this.#publicBits) return null;
    return this.#byPort.get(endpoint.port)?.session ?? null;
  }

  receiptIsDue(session: ReceiptSender): void {
    if (this.#due.size === 0) setTimeout(() => this.#sendReceipts(), RECEIPT_DELAY);
    this.#due.add(session);
  }

  detached(): void {
    this.#connected--;
  }

  /** Looks after all clients; called once a second. */
  tick(at: number): void {
    const keep = this.settings.resumeFor * MS_PER_SECOND;
    for (const client of this.#byName.values()) {
      const { session } = client;
      if (session.connection !== null) session.tick(at);
      else if (at - session.detachedAt >= keep) this.#remove(client, closeCodes.done, '');
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const client of [...this.#byName.values()]) {
      this.#remove(client, closeCodes.goingAway, 'the gateway ends');
    }
    this.#batched?.close();
  }

  #attach(session: ClientSession, connection: ClientConnection, resumed: boolean): void {
    this.#connected++;
    this.counts.connectionsAccepted++;
    this.#sources.delete(session.source, session);
    session.attach(connection, resumed);
    this.#sources.add(session.source, session);
  }

  #refuse(connection: ClientConnection, failure: ConnectionFailure, reason: string): null {
    this.end(connection, failure, closeCodes.tryAgainLater, reason);
    return null;
  }

  /** Whether a source may have another client; one that is away gives way to one that is there. */
  #makeRoom(source: string): boolean {
    if (!this.#sources.isFull(source)) return true;
    for (const member of this.#sources.of(source)) {
      if (!(member instanceof ClientSession) || member.session.connection !== null) continue;
      this.#remove(member, closeCodes.done, '');
      return true;
    }
    return false;
  }

  async #newSession(): Promise<ClientSession | null> {
    for (let attempt = 0; attempt < PORT_ATTEMPTS; attempt++) {
      const port = this.#ports.take();
      if (port === null) return null;
      const client = this.#clientAt(port);
      try {
        client.useSocket(
          await this.#openSocket(port, (bytes, from) => client.arrived(bytes, from)),
        );
      } catch (error) {
        this.#ports.give(port);
        if (!(error instanceof StartError)) throw error;
        this.counts.sendError(error.code);
        continue;
      }
      this.#byPort.set(port, client);
      this.#byName.set(client.session.resume, client);
      return client;
    }
    return null;
  }

  #clientAt(port: number): ClientSession {
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

  #remove(client: ClientSession, code: number, reason: string): void {
    const { session } = client;
    const { address, port } = session.endpoint;
    this.#byName.delete(session.resume);
    this.#byPort.delete(port);
    this.#due.delete(session);
    this.#sources.delete(client.source, client);
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
