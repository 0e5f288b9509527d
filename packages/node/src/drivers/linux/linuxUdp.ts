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
import {
  SOCKADDR_IN_ADDRESS,
  SOCKADDR_IN_PORT,
  SOCKADDR_IN_SIZE,
} from '../kernel/messageLayout.js';
import { LITTLE_ENDIAN, viewOf } from '../kernel/native.js';
import { bindError } from '../udp/bindError.js';

/** Room for some thousand packets while a thread does something else. */
const RECEIVE_BUFFER = 8 << 20;
const SEND_BUFFER = 4 << 20;
/** The odds to find no even port in so many tries are one to a million. */
const PORT_ATTEMPTS = 20;
/** All hosts on the local network. */
const LAN_GROUP = '224.0.0.1';

/** Where sockets of a {@link LinuxUdp} are bound, and what they are wanted to do. */
export interface LinuxUdpOptions {
  readonly address: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Whether a port of the system's choice has to be even, as draft01 needs it. */
  readonly even: boolean;
  /** Sockets that share the port; the kernel gives each flow to one of them. */
  readonly sockets: number;
  /** Whether the kernel may join what arrives and cut what is sent. */
  readonly offloads: boolean;
}

/** What a socket was found to do. */
export interface UdpFeatures {
  readonly send: boolean;
  readonly receive: boolean;
}

/**
 * UDP sockets for {@link FastLoop}s, by their descriptors. They belong to this process, so they are
 * opened and closed here and used in other threads.
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

  /** Closes the sockets behind the first few: the kernel would give flows to them that nobody reads. */
  keep(count: number): void {
    closeAll(this.#libc, this.#sockets.slice(count));
    this.#sockets = this.#sockets.slice(0, count);
  }

  /**
   * Opens sockets at another port of the system's choice, and makes them the ones in use.
   *
   * @returns what closes those before, to be called when nobody uses them any more
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
   * A socket for what is sent to all hosts on the local network.
   *
   * @throws StartError when that cannot be
   */
  openLan(port: number): number {
    const libc = this.#libc;
    // A socket of its own, bound to the group: at 0.0.0.0 it would take datagrams meant for others.
    const fd = openSocket(libc, LAN_GROUP, port, SO_REUSEADDR);
    // struct ip_mreq: group, and any interface. Every host is a member of this one already, and some
    // systems say so by an error.
    const membership = new Uint8Array(8);
    viewOf(membership).setUint32(0, parseIPv4(LAN_GROUP));
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
      // 0 says for the socket what each message may say otherwise; kernels before 4.18 refuse it.
      send &&= setOption(libc, fd, SOL_UDP, UDP_SEGMENT, 0);
      // Kernels before 5.0 refuse it.
      receive &&= setOption(libc, fd, SOL_UDP, UDP_GRO, 1);
    }
    return { send, receive };
  }
}

function setOption(libc: Libc, fd: number, level: number, name: number, value: number): boolean {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setInt32(0, value, LITTLE_ENDIAN);
  return libc.setsockopt(fd, level, name, bytes, bytes.length) === 0;
}

function closeAll(libc: Libc, descriptors: readonly number[]): void {
  for (const fd of descriptors) libc.close(fd);
}

function openSockets(libc: Libc, options: LinuxUdpOptions): [number[], Endpoint] {
  const { address, port, even } = options;
  for (let attempt = 0; attempt < PORT_ATTEMPTS; attempt++) {
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
  throw new StartError('EADDRINUSE', `no even UDP port of ${address} is free`);
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

function openSocket(libc: Libc, address: string, port: number, sharing?: number): number {
  const fd = libc.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw bindError(libc.nameOf(libc.errno()), address, port);
  if (sharing !== undefined) setOption(libc, fd, SOL_SOCKET, sharing, 1);
  const name = new Uint8Array(SOCKADDR_IN_SIZE);
  const view = viewOf(name);
  view.setUint16(0, AF_INET, LITTLE_ENDIAN);
  view.setUint16(SOCKADDR_IN_PORT, port);
  view.setUint32(SOCKADDR_IN_ADDRESS, parseIPv4(address));
  if (libc.bind(fd, name, name.length) === 0) return fd;
  const code = libc.nameOf(libc.errno());
  libc.close(fd);
  throw bindError(code, address, port);
}

function endpointOf(libc: Libc, fd: number): Endpoint {
  const name = new Uint8Array(SOCKADDR_IN_SIZE);
  const length = new Uint8Array(4);
  viewOf(length).setUint32(0, name.length, LITTLE_ENDIAN);
  if (libc.getsockname(fd, name, length) < 0) {
    const code = libc.nameOf(libc.errno());
    libc.close(fd);
    throw new StartError(code, `the own UDP port cannot be found out: ${code}`);
  }
  const view = viewOf(name);
  const address = formatIPv4(view.getUint32(SOCKADDR_IN_ADDRESS));
  return { address, port: view.getUint16(SOCKADDR_IN_PORT) };
}
