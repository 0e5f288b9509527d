import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { type Endpoint, isIPv4Multicast, type UdpEndpoint } from '@6bed4/codec';
import { OPENING_TTL } from '@6bed4/tunnel';
import type { OffloadReport } from '../driverReport.js';
import { type Libc, tryLoadLibc } from '../kernel/libc.js';
import type { DatagramHandler, DatagramPort, DatagramPortCounters } from '../ports/datagramPort.js';
import { inboundBytes, type SummedBytes } from '../ports/summedBytes.js';
import { AddressNumbers, AddressTexts } from '../udp/addressText.js';
import { bindError, noEvenPort } from '../udp/bindError.js';
import { ALL_HOSTS, EVEN_PORT_ATTEMPTS } from '../udp/constants.js';
import { DirectUdp, type OpenDirectUdp } from './directUdp.js';
import { SendBuffers } from './sendBuffers.js';
import { SerialSender } from './serialSender.js';
import { descriptorOf, SocketOptions, systemTtl } from './socketOptions.js';

/** Room for some thousand packets while this process does something else. */
const RECEIVE_BUFFER = 4 << 20;
const SEND_BUFFER = 4 << 20;
/** Bytes that may wait to be sent: some 10 ms at the rate that one socket reaches. */
const QUEUE_LIMIT = 1 << 20;
/** Datagrams that may wait, however small they are. */
const QUEUE_LENGTH = 4096;
const LAN_TTL = 1;
/** Whether ticks and promises run between two events `message`: other runtimes do not say so. */
const RUNS_TICKS_BETWEEN =
  process.versions['bun'] === undefined && process.versions['deno'] === undefined;

/** Options of a {@link PortableUdp}: the address and port to bind. */
export interface PortableUdpOptions {
  /** IPv4 address of this computer; default 0.0.0.0, which is all. */
  readonly address?: string | undefined;
  /** UDP port; default 0, which lets the system choose. */
  readonly port?: number | undefined;
  /** Whether a port of the system's choice has to be even, as draft01 needs it. */
  readonly even?: boolean | undefined;
  /** Whether the kernel may segment messages where it can (UDP_SEGMENT); default true. */
  readonly segmentation?: boolean | undefined;
}

/** A UDP socket by `node:dgram`: any platform, no privileges. */
export class PortableUdp implements DatagramPort {
  readonly #libc: Libc | null;
  readonly #ttl = systemTtl();
  readonly #texts = new AddressTexts();
  readonly #numbers = new AddressNumbers();
  readonly #buffers = new SendBuffers();
  readonly #sendErrors: Record<string, number> = {};
  readonly #receiveErrors: Record<string, number> = {};
  #turn = 0;
  #queueDrops = 0;
  #socket: Socket;
  /** Null where the platform sends in order by itself. */
  #serial: SerialSender | null = null;
  readonly #openDirect: OpenDirectUdp | null;
  #direct: DirectUdp | null = null;
  #endpoint: Endpoint;
  #handler: DatagramHandler | null = null;
  #lan: Socket | null = null;
  #isRef = true;
  #closed = false;
  readonly #usesSegmentation: boolean;

  private constructor(
    { segmentation = true }: PortableUdpOptions,
    libc: Libc | null,
    direct: OpenDirectUdp | null,
    socket: Socket,
  ) {
    this.#usesSegmentation = segmentation;
    this.#libc = libc;
    this.#openDirect = direct;
    this.#socket = socket;
    this.#endpoint = this.#adopt(socket);
  }

  /**
   * Binds a socket.
   *
   * @throws StartError when the port is taken or the address is not of this computer
   */
  static async open(options: PortableUdpOptions = {}): Promise<PortableUdp> {
    const [libc, direct] = await Promise.all([tryLoadLibc(), DirectUdp.load()]);
    return new PortableUdp(options, libc, direct, await bindAny(options));
  }

  get endpoint(): Endpoint {
    return this.#endpoint;
  }

  get turn(): number | undefined {
    return RUNS_TICKS_BETWEEN ? this.#turn : undefined;
  }

  get memory(): SummedBytes {
    return inboundBytes();
  }

  get counters(): DatagramPortCounters {
    return {
      sendErrors: { ...this.#sendErrors, ...this.#direct?.sender.batch.errors.snapshot() },
      receiveErrors: { ...this.#receiveErrors },
      queueDrops: this.#queueDrops + (this.#direct?.sender.queueDrops ?? 0),
    };
  }

  get waiting(): { readonly datagrams: number; readonly bytes: number } {
    if (this.#closed) return { datagrams: 0, bytes: 0 };
    if (this.#direct !== null) return this.#direct.sender.waiting;
    return {
      datagrams: this.#socket.getSendQueueCount(),
      bytes: this.#socket.getSendQueueSize(),
    };
  }

  /** What the kernel does for this socket, where there are calls to it. */
  get offloads(): readonly OffloadReport[] {
    if (this.#direct === null) return [];
    const name = 'udp-send';
    if (this.#direct.sender.batch.segmentation) return [{ name, active: true, reason: null }];
    const reason = this.#usesSegmentation ? 'the kernel does not support it' : 'switched off';
    return [{ name, active: false, reason }];
  }

  ref(): void {
    this.#isRef = true;
    this.#socket.ref();
    this.#lan?.ref();
  }

  unref(): void {
    this.#isRef = false;
    this.#socket.unref();
    this.#lan?.unref();
  }

  start(handler: DatagramHandler): void {
    this.#handler = handler;
  }

  send(
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: Readonly<UdpEndpoint>,
    tos: number,
    ttl: number,
  ): void {
    if (this.#closed) return;
    if (this.#direct === null) this.#sendByNode(bytes, offset, length, to, ttl);
    else this.#direct.sender.send(bytes, offset, length, to, tos, ttl);
  }

  #sendByNode(
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: Readonly<UdpEndpoint>,
    ttl: number,
  ): void {
    if (to.port === 0) {
      // Nobody can be there, and Node.js would throw.
      count(this.#sendErrors, 'EINVAL');
      return;
    }
    const socket = this.#socket;
    const serial = this.#serial;
    const queued = serial?.length ?? socket.getSendQueueCount();
    const waiting = queued > 0;
    if (
      waiting &&
      (queued >= QUEUE_LENGTH ||
        (serial?.bytes ?? socket.getSendQueueSize()) + length > QUEUE_LIMIT)
    ) {
      this.#queueDrops++;
      return;
    }
    if (serial !== null) {
      this.#sendInTurn(serial, bytes.slice(offset, offset + length), to, ttl);
      return;
    }
    const kept = this.#buffers.keep(bytes, offset, length, waiting);
    // The TTL belongs to the socket: with datagrams waiting, it would be theirs as well.
    const ownTtl = ttl !== 0 && !waiting;
    if (isIPv4Multicast(to.addressBits)) {
      // Has a TTL of its own, 1 unless set otherwise: nothing leaves the local network by accident.
      socket.setMulticastTTL(ownTtl ? ttl : LAN_TTL);
      socket.send(kept, to.port, this.#texts.textOf(to), this.#onSent);
      return;
    }
    // With another TTL than its own it would arrive, which does harm; that it is lost does little.
    if (ttl === OPENING_TTL && waiting) return;
    if (ownTtl) socket.setTTL(ttl);
    socket.send(kept, to.port, this.#texts.textOf(to), this.#onSent);
    if (ownTtl) socket.setTTL(this.#ttl);
  }

  #sendInTurn(
    serial: SerialSender,
    bytes: Uint8Array,
    to: Readonly<UdpEndpoint>,
    ttl: number,
  ): void {
    const socket = this.#socket;
    const multicast = isIPv4Multicast(to.addressBits);
    serial.send({
      bytes,
      address: this.#texts.textOf(to),
      port: to.port,
      before: multicast
        ? () => socket.setMulticastTTL(ttl === 0 ? LAN_TTL : ttl)
        : ttl === 0
          ? null
          : () => socket.setTTL(ttl),
      after: multicast || ttl === 0 ? null : () => socket.setTTL(this.#ttl),
    });
  }

  async listenOnLan(port: number): Promise<void> {
    // A socket of its own, bound to the group: at 0.0.0.0 it would take datagrams meant for others.
    const socket = await bind(ALL_HOSTS, port, { reuseAddr: true });
    if (this.#closed) {
      socket.close();
      return;
    }
    try {
      socket.addMembership(ALL_HOSTS);
    } catch {
      // Every host is a member already, and some systems say so by an error.
    }
    socket.on('error', ({ code }: NodeJS.ErrnoException) => count(this.#receiveErrors, code));
    socket.on('message', this.#onMessage);
    if (!this.#isRef) socket.unref();
    this.#lan = socket;
  }

  async rebind(even: boolean): Promise<void> {
    const socket = await bindAny({ address: this.#endpoint.address, even });
    if (this.#closed) {
      socket.close();
      return;
    }
    const previous = this.#socket;
    this.#direct?.sender.flush();
    this.#serial?.close();
    previous.removeAllListeners('message');
    this.#socket = socket;
    this.#endpoint = this.#adopt(socket);
    previous.close();
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    this.#handler = null;
    this.#direct?.sender.close();
    this.#serial?.close();
    this.#lan?.close();
    return new Promise((resolve) => {
      this.#socket.close(() => resolve());
    });
  }

  #adopt(socket: Socket): Endpoint {
    const { address, port } = socket.address();
    socket.on('error', ({ code }: NodeJS.ErrnoException) => count(this.#receiveErrors, code));
    socket.on('message', this.#onFirstMessage);
    if (!this.#isRef) socket.unref();
    this.#serial = SerialSender.isNeededFor(socket) ? new SerialSender(socket, this.#onSent) : null;
    const fd = this.#libc === null ? -1 : descriptorOf(socket);
    if (this.#libc !== null && fd >= 0) this.#useDescriptor(new SocketOptions(this.#libc, fd), fd);
    return { address, port };
  }

  #useDescriptor(options: SocketOptions, fd: number): void {
    options.clearDontFragment();
    options.forceReceiveBuffer(RECEIVE_BUFFER);
    options.forceSendBuffer(SEND_BUFFER);
    const segmentation = this.#usesSegmentation && options.hasSegmentation;
    if (this.#direct === null) this.#direct = this.#openDirect?.(fd, segmentation) ?? null;
    else this.#direct.sender.fd = fd;
  }

  readonly #onMessage = (bytes: Uint8Array, { address, port }: RemoteInfo): void => {
    this.#turn++;
    // Node.js hands over each in a `Buffer` of its own. A copy costs less than another view of it.
    const received = inboundBytes().bytes;
    received.set(bytes);
    this.#handler?.(received, 0, bytes.length, this.#numbers.numberOf(address), port);
  };

  /** One datagram comes by way of Node.js; where one is, there often are more. */
  readonly #onFirstMessage = (bytes: Uint8Array, from: RemoteInfo): void => {
    this.#onMessage(bytes, from);
    const direct = this.#direct;
    if (direct === null || this.#closed) return;
    const failure = direct.receive(this.#onNextMessage);
    if (failure > 0) count(this.#receiveErrors, direct.nameOf(failure));
  };

  readonly #onNextMessage = (
    bytes: Uint8Array,
    offset: number,
    length: number,
    address: number,
    port: number,
  ): boolean => {
    this.#handler?.(bytes, offset, length, address, port);
    return !this.#closed;
  };

  readonly #onSent = (error: NodeJS.ErrnoException | null): void => {
    if (error !== null) count(this.#sendErrors, error.code);
  };
}

function count(counters: Record<string, number>, code = 'unknown'): void {
  counters[code] = (counters[code] ?? 0) + 1;
}

async function bindAny(options: PortableUdpOptions): Promise<Socket> {
  const { address = '0.0.0.0', port = 0, even = false } = options;
  for (let attempt = 0; attempt < EVEN_PORT_ATTEMPTS; attempt++) {
    const socket = await bind(address, port);
    if (port !== 0 || !even || socket.address().port % 2 === 0) return socket;
    socket.close();
  }
  throw noEvenPort(address);
}

function bind(
  address: string,
  port: number,
  { reuseAddr = false }: { readonly reuseAddr?: boolean } = {},
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({
      type: 'udp4',
      reuseAddr,
      // All addresses are literal. Answering at once keeps `send` from waiting for a resolver.
      lookup: (hostname, _options, callback) => callback(null, hostname, 4),
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close();
      reject(bindError(error.code ?? 'unknown', address, port, { cause: error }));
    });
    socket.bind({ address, port, exclusive: !reuseAddr }, () => {
      socket.removeAllListeners('error');
      try {
        socket.setRecvBufferSize(RECEIVE_BUFFER);
      } catch {
        // Some systems refuse what exceeds their limit; their default has to do.
      }
      resolve(socket);
    });
  });
}
