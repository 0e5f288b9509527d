import { formatEndpoint, formatIPv6, isIPv6Loopback } from '@6bed4/codec';
import {
  DESTINATION_OFFSET,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_OFFSET,
  NEXT_HEADER_TCP,
} from '@6bed4/nd';
import { type TcpConnection, type TcpEvent, type TcpListener, TcpStack } from '@6bed4/tcp';
import { type Peer, type PolicyName, TUNNEL_MTU } from '@6bed4/tunnel';
import type { PortablePeerDriver } from '../drivers/portable/portablePeerDriver.js';
import type { Timer, Timers } from '../environment/timers.js';
import { LONGEST_DELAY } from '../longTimeout.js';
import { nextTick, setImmediate } from '../realTimers.js';
import { checkLanip } from '../socket/checkLanip.js';
import { policyNames } from '../socket/checkPolicy.js';
import { isLoopbackDestination, LOOPBACK } from '../socket/destinationAddress.js';
import type { KeepAliveHolder } from '../socket/keepAlive.js';
import type { OutboundRemotes } from '../socket/outboundRemotes.js';
import type { OwnAddresses } from '../socket/ownAddresses.js';
import { ConnectionPolicies } from './connectionPolicies.js';
import { withoutExtensionHeaders } from './extensionHeaders.js';
import { Orphans } from './orphans.js';
import { PacketQueue } from './packetQueue.js';

/** Bytes before the packet that an error quotes (RFC 4443 §3). */
const ICMPV6_ERROR_HEADER_LENGTH = 8;
/** Milliseconds that a tunnel which closes waits for what was written to arrive. */
const LINGER_TIME = 1_000;
const LINGER_CHECK = 10;
const NEVER = Number.POSITIVE_INFINITY;

/** One to whom events of a connection matter. */
export interface ConnectionOwner {
  /** Something happened; the call must not lead back into the stack. */
  happened(event: TcpEvent): void;
}

/** One to whom a listener belongs. */
export interface ListenerOwner {
  /** A connection may be taken. */
  offered(listener: TcpListener): void;
}

/** A connection of a socket. */
export interface ConnectionHandle {
  readonly connection: TcpConnection;
  /** Ends the connection with an error. */
  fail(code: string, note: string): void;
  /** Ends it and its socket, since the tunnel closes. */
  terminate(): void;
}

/** Options of {@link TcpLayer}. */
export interface TcpLayerOptions {
  readonly addresses: OwnAddresses;
  readonly remotes: OutboundRemotes;
  readonly random: () => number;
  readonly clock: () => number;
  readonly timers: Timers;
}

/** Errors for which the path of the packets matters. */
const UNREACHED: ReadonlySet<string> = new Set(['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH']);

type Submit = (peer: Peer, now: number) => void;

/** TCP between the peer of a tunnel and the sockets of a program. */
export class TcpLayer {
  readonly stack: TcpStack;
  readonly addresses: OwnAddresses;
  readonly clock: () => number;
  readonly timers: Timers;
  /** Connections whose sockets are gone. */
  readonly orphans: Orphans;
  /** Ports that are listened on. */
  readonly listenings: Set<{ follow(): void }> = new Set();
  readonly handles: Set<ConnectionHandle> = new Set();
  readonly servers: Set<{ close(): void }> = new Set();
  readonly #remotes: OutboundRemotes;
  readonly #submitBy: Readonly<Record<PolicyName, Submit>>;
  readonly #lanips = new Set<number>();
  /** What the stack sends while the peer is at work. */
  readonly #outgoing = new PacketQueue(TUNNEL_MTU);
  /** Packets from this tunnel to itself. */
  #local = new PacketQueue(TUNNEL_MTU);
  /** Takes those that are sent while others are handed over. */
  #nextLocal = new PacketQueue(TUNNEL_MTU);
  #policies = new ConnectionPolicies('proper');
  #driver: PortablePeerDriver | null = null;
  #holder: KeepAliveHolder | null = null;
  #holds = 0;
  #isSubmitting = false;
  /** The peer, while the stack is flushed. */
  #peer: Peer | null = null;
  #isFlushDue = false;
  #isLocalDue = false;
  #timer: Timer | null = null;
  #wakeAt = NEVER;
  #isOpen = true;
  #isEnding = false;
  // The packet that is submitted.
  #bytes: Uint8Array = new Uint8Array(0);
  #offset = 0;
  #length = 0;

  constructor({ addresses, remotes, random, clock, timers }: TcpLayerOptions) {
    this.addresses = addresses;
    this.clock = clock;
    this.timers = timers;
    this.orphans = new Orphans(this);
    this.#remotes = remotes;
    const entries = policyNames.map((policy) => [policy, this.#submitter(policy)]);
    this.#submitBy = Object.fromEntries(entries);
    this.stack = new TcpStack(
      { random, mtu: TUNNEL_MTU },
      {
        sendPacket: (bytes, offset, length) => this.#send(bytes, offset, length),
        event: (connection, event) => (connection.owner as ConnectionOwner | null)?.happened(event),
        accepted: (listener) => (listener.owner as ListenerOwner | null)?.offered(listener),
      },
    );
  }

  /** Sets the driver of the peer; before anything is sent. */
  attach(driver: PortablePeerDriver): void {
    this.#driver = driver;
  }

  /** Sets what the tunnel is like otherwise. */
  configure(holder: KeepAliveHolder, policy: PolicyName): void {
    this.#holder = holder;
    this.#policies = new ConnectionPolicies(policy);
  }

  /** The policies of segments. */
  get policies(): ConnectionPolicies {
    return this.#policies;
  }

  /** Whether connections can be made and accepted. */
  get isOpen(): boolean {
    return this.#isOpen && !this.#isEnding;
  }

  /** Whether the peer is taking a segment; all that it can deliver meanwhile is its error about that. */
  get isSubmitting(): boolean {
    return this.#isSubmitting;
  }

  /** Keeps the process alive until {@link release} is called as often. */
  retain(): void {
    if (this.#holds++ === 0) this.#holder?.set(true);
  }

  /** Reverts {@link retain}. */
  release(): void {
    if (--this.#holds === 0) this.#holder?.set(false);
  }

  /** The source address for a destination, 16 bytes each; null while there is none. */
  sourceFor(destination: Uint8Array, lanip: number): Uint8Array | null {
    if (isLoopbackDestination(destination)) return LOOPBACK;
    return this.addresses.sourceFor(destination, lanip);
  }

  /** The lanip of a socket. @throws ERR_OUT_OF_RANGE for a number that this dialect does not have */
  lanipFor(lanip: number | undefined): number {
    const checked = checkLanip(lanip, this);
    this.#lanips.add(checked);
    return checked;
  }

  /** Whether an address, 16 bytes, is an own one. */
  owns(address: Uint8Array): boolean {
    return this.#isLocal(address, 0);
  }

  /** What is known of the path to a remote that could not be connected to, for an error. */
  describePath(
    remote: Uint8Array,
    code: string,
  ): { note?: string; more?: Readonly<Record<string, unknown>> } {
    if (!UNREACHED.has(code) || this.#isLocal(remote, 0)) return {};
    return this.#describePath(remote);
  }

  /**
   * Opens a connection.
   *
   * @throws TcpUsageError
   */
  connect(local: Uint8Array, localPort: number, remote: Uint8Array, port: number): TcpConnection {
    if (!this.#isLocal(remote, 0)) this.#remotes.sent(remote, 0);
    const connection = this.stack.connect(
      { address: local, port: localPort },
      { address: remote, port },
      this.clock(),
    );
    this.settle();
    return connection;
  }

  /**
   * A packet out of the tunnel with a TCP segment.
   *
   * @param upper - where the segment starts
   */
  receive(bytes: Uint8Array, offset: number, length: number, upper: number): void {
    const isPlain = upper === offset + IPV6_HEADER_LENGTH;
    if (isPlain) this.stack.handlePacket(bytes, offset, length, this.clock(), true);
    else {
      const packet = withoutExtensionHeaders(bytes, offset, length, upper);
      this.stack.handlePacket(packet, 0, packet.length, this.clock(), true);
    }
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    nextTick(this.#flushLater);
  }

  /** An ICMPv6 error out of the tunnel; false when it is not about a TCP segment. */
  receiveError(bytes: Uint8Array, offset: number, length: number): boolean {
    const invoking = offset + IPV6_HEADER_LENGTH + ICMPV6_ERROR_HEADER_LENGTH;
    if (length < 2 * IPV6_HEADER_LENGTH + ICMPV6_ERROR_HEADER_LENGTH) return false;
    if (bytes[invoking + NEXT_HEADER_OFFSET] !== NEXT_HEADER_TCP) return false;
    this.stack.handleIcmpError(bytes, offset, length, this.clock());
    this.settle();
    return true;
  }

  /** Whether a connection or listener has used a lanip. */
  hasLanip(lanip: number): boolean {
    return this.#lanips.has(lanip);
  }

  /** The tunnel has other addresses: ports are listened on there, and connections of lost ones end. */
  addressesChanged(): void {
    for (const listening of this.listenings) listening.follow();
    for (const handle of this.handles) {
      const { address } = handle.connection.local;
      if (!this.owns(address)) {
        handle.fail('ECONNABORTED', `the tunnel has lost its address ${formatIPv6(address)}`);
      }
    }
    this.settle();
  }

  /** Ends all sockets and servers; resolves when all that was written has arrived, or soon. */
  async end(): Promise<void> {
    this.#isEnding = true;
    for (const server of [...this.servers]) server.close();
    for (const handle of [...this.handles]) handle.terminate();
    const deadline = this.clock() + LINGER_TIME;
    while (this.orphans.areSending && this.clock() < deadline) {
      await new Promise<void>((resolve) => void this.timers.setTimeout(resolve, LINGER_CHECK));
    }
    this.orphans.clear();
  }

  /** The peer has finished: what was to be sent meanwhile can be sent. */
  flush(): void {
    if (this.#outgoing.count > 0) this.#outgoing.drain(this.#submit);
  }

  /** Sends what the stack has kept back, in one run of the peer; sets the timer. */
  flushStack(): void {
    this.#driver!.run(this.#flushBy);
    this.settle();
  }

  /** To be called after each call of the stack: sets the timer. */
  settle(): void {
    const at = this.stack.nextTimeout();
    if (at >= this.#wakeAt || !this.#isOpen) return;
    if (this.#timer !== null) this.timers.clearTimeout(this.#timer);
    this.#wakeAt = at;
    const delay = Math.min(Math.max(Math.ceil(at - this.clock()), 0), LONGEST_DELAY);
    // Whoever waits for the stack keeps the process alive.
    this.#timer = this.timers.setTimeout(this.#wake, delay);
    this.#timer.unref();
  }

  /** Ends all at once; connections are to be ended before. */
  close(): void {
    this.#isOpen = false;
    if (this.#timer !== null) this.timers.clearTimeout(this.#timer);
    this.#timer = null;
    this.#outgoing.clear();
    this.#local.clear();
  }

  /** All that has arrived together is taken. */
  readonly #flushLater = (): void => {
    this.#isFlushDue = false;
    if (this.#isOpen) this.flushStack();
  };

  readonly #flushBy: Submit = (peer, now) => {
    this.#peer = peer;
    try {
      this.stack.flush(now);
    } finally {
      this.#peer = null;
    }
  };

  readonly #wake = (): void => {
    this.#timer = null;
    this.#wakeAt = NEVER;
    this.stack.handleTimeout(this.clock());
    this.settle();
  };

  #isLocal(bytes: Uint8Array, offset: number): boolean {
    return this.addresses.has(bytes, offset) || isIPv6Loopback(bytes, offset);
  }

  #describePath(remote: Uint8Array): { note: string; more: Readonly<Record<string, unknown>> } {
    const snapshot = this.#driver?.run((peer, now) => peer.remote(remote, now)) ?? null;
    const uplinks = this.#driver?.uplinks() ?? [];
    const source = this.addresses.sourceFor(remote, this.addresses.lanip);
    const name = source === null ? null : (this.addresses.find(source, 0)?.router ?? null);
    const router = name ?? (uplinks[0] === undefined ? null : formatEndpoint(uplinks[0].router));
    const path = snapshot?.path ?? 'relayed';
    const way = path === 'relayed' ? `through router ${router}` : `by the ${path} path`;
    const search = snapshot === null || path !== 'relayed' ? '' : ', no direct path was found';
    return { note: `tried ${way}${search}`, more: { path, router } };
  }

  #send(bytes: Uint8Array, offset: number, length: number): void {
    if (!this.#isOpen) return;
    if (this.#isLocal(bytes, offset + DESTINATION_OFFSET)) {
      this.#local.push(bytes, offset, length);
      if (this.#isLocalDue) return;
      this.#isLocalDue = true;
      setImmediate(this.#deliverLocal);
      return;
    }
    if (this.#peer !== null && !this.#isSubmitting) {
      this.#hand(this.#peer, this.#policies.of(bytes, offset), bytes, offset, length);
    } else if (this.#driver!.isBusy || this.#isSubmitting)
      this.#outgoing.push(bytes, offset, length);
    else this.#submit(bytes, offset, length);
  }

  readonly #submit = (bytes: Uint8Array, offset: number, length: number): void => {
    this.#bytes = bytes;
    this.#offset = offset;
    this.#length = length;
    this.#driver!.run(this.#submitBy[this.#policies.of(bytes, offset)]);
  };

  #submitter(policy: PolicyName): Submit {
    return (peer) => this.#hand(peer, policy, this.#bytes, this.#offset, this.#length);
  }

  #hand(peer: Peer, policy: PolicyName, bytes: Uint8Array, offset: number, length: number): void {
    this.#isSubmitting = true;
    try {
      peer.handlePacketBy(policy, bytes, offset, length, this.clock());
    } finally {
      this.#isSubmitting = false;
    }
  }

  readonly #deliverLocal = (): void => {
    this.#isLocalDue = false;
    const arriving = this.#local;
    this.#local = this.#nextLocal;
    this.#nextLocal = arriving;
    arriving.drain(this.#receiveLocal);
    this.settle();
  };

  readonly #receiveLocal = (bytes: Uint8Array, offset: number, length: number): void =>
    this.stack.handlePacket(bytes, offset, length, this.clock());
}
