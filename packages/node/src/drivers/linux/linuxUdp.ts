import { type Endpoint, formatIPv4, parseIPv4 } from '@6bed4/codec';
import { StartError } from '../../errors.js';
import {
  AF_INET,
  IP_ADD_MEMBERSHIP,
  IP_MTU_DISCOVER,
  IP_PMTUDISC_DONT,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_IP,
  SOL_SOCKET,
  SOL_UDP,
  UDP_GRO,
  UDP_SEGMENT,
} from '../kernel/constants.js';
import type { Libc } from '../kernel/libc.js';
import { int32Bytes, viewOf } from '../kernel/native.js';
import {
  multicastRequest,
  SOCKADDR_IN_ADDRESS,
  SOCKADDR_IN_PORT,
  SOCKADDR_IN_SIZE,
  socketAddress,
} from '../kernel/socketAddress.js';
import { bindError, noEvenPort } from '../udp/bindError.js';
import { ALL_HOSTS, EVEN_PORT_ATTEMPTS } from '../udp/constants.js';

/** SO_RCVBUF in bytes: some thousand packets, while the thread is busy with something else. */
const RECEIVE_BUFFER = 8 << 20;
/** SO_SNDBUF in bytes. */
const SEND_BUFFER = 4 << 20;

/** Options of {@link LinuxUdp}. */
export interface LinuxUdpOptions {
  readonly address: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Whether a port of the system's choice has to be even, as draft01 needs it. */
  readonly even: boolean;
  /** Sockets that share the port (SO_REUSEPORT); the kernel assigns each flow to one of them. */
  readonly sockets: number;
  /** Whether to use UDP_GRO and UDP_SEGMENT where the kernel has them. */
  readonly offloads: boolean;
}

/** The offloads that a socket turned out to support. */
export interface UdpFeatures {
  /** UDP_SEGMENT. */
  readonly send: boolean;
  /** UDP_GRO. */
  readonly receive: boolean;
}

/**
 * UDP sockets for `PacketLoop`s, by their descriptors. They belong to this process, so they are opened
 * and closed here and used in other threads.
 */
export class LinuxUdp {
  readonly features: UdpFeatures;
  readonly #libc: Libc;
  readonly #options: LinuxUdpOptions;
  #endpoint: Endpoint;
  #sockets: number[];
  #lan = -1;

  private constructor(libc: Libc, options: LinuxUdpOptions, sockets: number[], endpoint: Endpoint) {
    this.#libc = libc;
    this.#options = options;
    this.#sockets = sockets;
    this.#endpoint = endpoint;
    this.features = this.#prepare(sockets);
  }

  /** @throws StartError when the port is taken or the address is not of this computer */
  static open(libc: Libc, options: LinuxUdpOptions): LinuxUdp {
    const [sockets, endpoint] = openSockets(libc, options);
    return new LinuxUdp(libc, options, sockets, endpoint);
  }

  get endpoint(): Endpoint {
    return this.#endpoint;
  }

  /** The descriptors. */
  get sockets(): readonly number[] {
    return this.#sockets;
  }

  /** Closes all sockets but the first `count`: the kernel would assign flows to them that nobody reads. */
  keep(count: number): void {
    closeAll(this.#libc, this.#sockets.slice(count));
    this.#sockets = this.#sockets.slice(0, count);
  }

  /**
   * Opens sockets at another port of the system's choice, and makes them the ones in use.
   *
   * @returns a function that closes the previous sockets, to be called when nobody uses them any more
   */
  rebind(even: boolean): () => void {
    const previous = this.#sockets;
    const [sockets, endpoint] = openSockets(this.#libc, {
      ...this.#options,
      port: 0,
      even,
      sockets: previous.length,
    });
    this.#prepare(sockets);
    this.#sockets = sockets;
    this.#endpoint = endpoint;
    return () => closeAll(this.#libc, previous);
  }

  /**
   * Opens a socket for what is sent to all hosts on the local network.
   *
   * @throws StartError when that cannot be
   */
  openLan(port: number): number {
    const libc = this.#libc;
    // A socket of its own, bound to the group: at 0.0.0.0 it would take datagrams meant for others.
    const fd = openSocket(libc, ALL_HOSTS, port, SO_REUSEADDR);
    // Every host is a member of this group already; some systems report that as an error.
    const membership = multicastRequest(parseIPv4(ALL_HOSTS));
    libc.setsockopt(fd, SOL_IP, IP_ADD_MEMBERSHIP, membership, membership.length);
    this.#lan = fd;
    return fd;
  }

  /** Closes all, when nobody uses them any more. */
  close(): void {
    closeAll(this.#libc, this.#sockets);
    this.#sockets = [];
    if (this.#lan >= 0) this.#libc.close(this.#lan);
    this.#lan = -1;
  }

  #prepare(sockets: readonly number[]): UdpFeatures {
    const libc = this.#libc;
    const { offloads } = this.#options;
    let send = offloads;
    let receive = offloads;
    for (const fd of sockets) {
      // Routers may fragment: tunnel frames are sent without DF (draft-03 §5, draft-04 §3).
      setOption(libc, fd, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
      // Without privileges, the system-wide limits have to do.
      setOption(libc, fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
      setOption(libc, fd, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER);
      setOption(libc, fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER);
      setOption(libc, fd, SOL_SOCKET, SO_SNDBUFFORCE, SEND_BUFFER);
      // 0 is the default that each message may override; kernels before 4.18 refuse the option.
      send &&= setOption(libc, fd, SOL_UDP, UDP_SEGMENT, 0);
      // Kernels before 5.0 refuse the option.
      receive &&= setOption(libc, fd, SOL_UDP, UDP_GRO, 1);
    }
    return { send, receive };
  }
}

function setOption(libc: Libc, fd: number, level: number, name: number, value: number): boolean {
  const bytes = int32Bytes(value);
  return libc.setsockopt(fd, level, name, bytes, bytes.length) === 0;
}

function closeAll(libc: Libc, descriptors: readonly number[]): void {
  for (const fd of descriptors) libc.close(fd);
}

function openSockets(libc: Libc, options: LinuxUdpOptions): [number[], Endpoint] {
  const { address, port, even } = options;
  for (let attempt = 0; attempt < EVEN_PORT_ATTEMPTS; attempt++) {
    // Alone first: sockets that share a port would share it with those of another daemon, too.
    const first = openSocket(libc, address, port);
    const endpoint = endpointOf(libc, first);
    if (port === 0 && even && endpoint.port % 2 !== 0) {
      libc.close(first);
      continue;
    }
    if (options.sockets === 1) return [[first], endpoint];
    libc.close(first);
    return [openShared(libc, endpoint, options.sockets), endpoint];
  }
  throw noEvenPort(address);
}

function openShared(libc: Libc, { address, port }: Endpoint, count: number): number[] {
  const sockets: number[] = [];
  try {
    while (sockets.length < count) sockets.push(openSocket(libc, address, port, SO_REUSEPORT));
    return sockets;
  } catch (error) {
    closeAll(libc, sockets);
    throw error;
  }
}

/** @param sharing - SO_REUSEADDR or SO_REUSEPORT */
function openSocket(libc: Libc, address: string, port: number, sharing?: number): number {
  const fd = libc.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw bindError(libc.nameOf(libc.errno()), address, port);
  if (sharing !== undefined) setOption(libc, fd, SOL_SOCKET, sharing, 1);
  const name = socketAddress(parseIPv4(address), port);
  if (libc.bind(fd, name, name.length) === 0) return fd;
  const code = libc.nameOf(libc.errno());
  libc.close(fd);
  throw bindError(code, address, port);
}

function endpointOf(libc: Libc, fd: number): Endpoint {
  const name = new Uint8Array(SOCKADDR_IN_SIZE);
  if (libc.getsockname(fd, name, int32Bytes(name.length)) < 0) {
    const code = libc.nameOf(libc.errno());
    libc.close(fd);
    throw new StartError(code, `cannot determine the own UDP port: ${code}`);
  }
  const view = viewOf(name);
  const address = formatIPv4(view.getUint32(SOCKADDR_IN_ADDRESS));
  return { address, port: view.getUint16(SOCKADDR_IN_PORT) };
}
