import type { Socket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import {
  IP_MTU_DISCOVER,
  IP_PMTUDISC_DONT,
  SO_RCVBUFFORCE,
  SO_SNDBUFFORCE,
  SOL_IP,
  SOL_SOCKET,
  SOL_UDP,
  UDP_SEGMENT,
} from '../kernel/constants.js';
import type { Libc } from '../kernel/libc.js';
import { LITTLE_ENDIAN, viewOf } from '../kernel/native.js';

const INT_SIZE = 4;

/** The file descriptor of a bound socket, which Node.js does not document; -1 where it is hidden. */
export function descriptorOf(socket: Socket): number {
  const state = Object.getOwnPropertySymbols(socket).find(
    ({ description }) => description === 'state symbol',
  );
  if (state === undefined) return -1;
  const holder = (socket as unknown as Record<symbol, { handle?: { fd?: unknown } }>)[state];
  const fd = holder?.handle?.fd;
  return typeof fd === 'number' ? fd : -1;
}

/** Options of an IPv4 UDP socket that `node:dgram` has no method for. Failures are not fatal. */
export class SocketOptions {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #value = new Uint8Array(INT_SIZE);

  constructor(libc: Libc, fd: number) {
    this.#libc = libc;
    this.#fd = fd;
  }

  /** Lets routers fragment: tunnel frames are sent without DF (draft-03 §5, draft-04 §3). */
  clearDontFragment(): void {
    this.#set(SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
  }

  /** Sets a size that may exceed the system-wide limit, which needs privileges. */
  forceReceiveBuffer(bytes: number): void {
    this.#set(SOL_SOCKET, SO_RCVBUFFORCE, bytes);
  }

  /** As {@link forceReceiveBuffer}. */
  forceSendBuffer(bytes: number): void {
    this.#set(SOL_SOCKET, SO_SNDBUFFORCE, bytes);
  }

  /** Whether the kernel segments messages (UDP_SEGMENT, 4.18). */
  get hasSegmentation(): boolean {
    // 0 is the default that each message may override.
    return this.#set(SOL_UDP, UDP_SEGMENT, 0);
  }

  #set(level: number, name: number, value: number): boolean {
    viewOf(this.#value).setInt32(0, value, LITTLE_ENDIAN);
    return this.#libc.setsockopt(this.#fd, level, name, this.#value, INT_SIZE) === 0;
  }
}

/** The IPv4 TTL of a socket for which none was set. */
export function systemTtl(): number {
  if (process.platform === 'win32') return 128;
  try {
    const ttl = Number(readFileSync('/proc/sys/net/ipv4/ip_default_ttl', 'latin1'));
    if (Number.isInteger(ttl) && ttl > 0 && ttl < 256) return ttl;
  } catch {
    // Not Linux.
  }
  return 64;
}
