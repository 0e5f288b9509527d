import { InvalidArgumentError } from '@6bed4/codec';
import { TUNNEL_MTU } from '@6bed4/tunnel';
import { StartError } from '../../errors.js';
import {
  IFF_MULTI_QUEUE,
  IFF_NO_PI,
  IFF_TUN,
  IFF_TUN_EXCL,
  IFNAMSIZ,
  O_CLOEXEC,
  O_NONBLOCK,
  O_RDWR,
  TUNSETIFF,
  TUNSETOFFLOAD,
} from '../kernel/constants.js';
import { flagsRequest } from '../kernel/interfaceRequests.js';
import type { Libc, Readiness } from '../kernel/libc.js';
import { getLinkMessage, type Link, readLink } from '../kernel/linkMessages.js';
import { Rtnetlink } from '../kernel/rtnetlink.js';
import { whenReadable } from '../kernel/whenReadable.js';

const DEVICE = '/dev/net/tun';

/** Upper bound of a packet of the interface, in bytes. */
const MAX_PACKET_SIZE = 65_536;
/** Upper bound of `read` calls before the event loop continues. */
const MAX_READS = 64;

/**
 * Checks the name of a network interface by the kernel's rules (`dev_valid_name`), and refuses `%`,
 * which the kernel would replace by a number.
 *
 * @throws InvalidArgumentError
 */
export function checkInterfaceName(name: string): string {
  const valid =
    /^[\x21-\x7e]+$/.test(name) &&
    !/[/:%]/.test(name) &&
    name.length < IFNAMSIZ &&
    name !== '.' &&
    name !== '..';
  if (!valid) {
    throw new InvalidArgumentError(
      'tun',
      JSON.stringify(name),
      `a name of 1 to ${IFNAMSIZ - 1} characters without space, "/", ":" or "%"`,
    );
  }
  return name;
}

/** Receiver of packets from the kernel; the bytes are valid for the duration of the call. */
export type PacketReader = (bytes: Uint8Array, offset: number, length: number) => void;

/**
 * A TUN interface: reads and writes IPv6 packets of the kernel, one per system call. The kernel removes
 * an interface that was created here when its descriptor is closed, so also when this process is killed.
 */
export class Tun {
  readonly name: string;
  /** Whether it was created here, and not prepared by an administrator. */
  readonly created: boolean;

  readonly #libc: Libc;
  readonly #buffer = new Uint8Array(MAX_PACKET_SIZE);
  readonly #errors: { readonly again: number; readonly interrupted: number; readonly gone: number };
  #fd: number;
  #watch: Readiness | null = null;
  #dropped = 0;

  private constructor(libc: Libc, fd: number, name: string, created: boolean) {
    this.#libc = libc;
    this.#fd = fd;
    this.name = name;
    this.created = created;
    this.#errors = {
      again: libc.numberOf('EAGAIN'),
      interrupted: libc.numberOf('EINTR'),
      gone: libc.numberOf('EBADFD'),
    };
  }

  /**
   * Creates an interface, or attaches to a persistent one of that name that is not in use.
   *
   * @throws InvalidArgumentError for a name that no interface can have
   * @throws StartError when it is taken, or not allowed, or there is no TUN driver
   */
  static open(libc: Libc, name: string): Tun {
    const { fd, created } = openQueue(libc, name, 0);
    return new Tun(libc, fd, name, created);
  }

  /** Packets that the kernel refused: the interface was down, or its queue full. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Starts reading.
   *
   * @param onGone - called when the interface was removed by someone else; there are no more packets
   */
  start(reader: PacketReader, onGone: () => void): void {
    this.#watch = whenReadable(this.#libc, this.#fd, () => this.#drain(reader, onGone));
  }

  /**
   * Writes one packet.
   *
   * @returns false when it was dropped
   */
  write(bytes: Uint8Array, offset: number, length: number): boolean {
    if (this.#fd < 0) return false;
    const packet = offset === 0 ? bytes : bytes.subarray(offset, offset + length);
    const written = this.#libc.write(this.#fd, packet, length) === length;
    if (!written) this.#dropped++;
    return written;
  }

  /** Closes the interface; the kernel removes it if it was created here. */
  close(): void {
    if (this.#fd < 0) return;
    this.#watch?.close();
    this.#watch = null;
    this.#libc.close(this.#fd);
    this.#fd = -1;
  }

  #drain(reader: PacketReader, onGone: () => void): void {
    for (let count = 0; count < MAX_READS && this.#fd >= 0; count++) {
      const length = this.#libc.read(this.#fd, this.#buffer, MAX_PACKET_SIZE);
      if (length > 0) {
        reader(this.#buffer, 0, length);
        continue;
      }
      const errno = length < 0 ? this.#libc.errno() : this.#errors.again;
      if (errno === this.#errors.interrupted) continue;
      if (errno === this.#errors.gone) {
        this.#watch?.close();
        this.#watch = null;
        onGone();
      }
      return;
    }
  }
}

/** A file descriptor of an interface. */
export interface TunQueue {
  readonly fd: number;
  /** Whether the interface was created, and not prepared by an administrator. */
  readonly created: boolean;
  /** The flags that the interface has: it may have been prepared with others than were wanted. */
  readonly flags: number;
}

/**
 * Creates an interface, or attaches to a persistent one of that name that is not in use, whether it was prepared with
 * several queues or not.
 *
 * @param flags - of `struct ifreq`, besides those that every interface of ours has
 * @throws InvalidArgumentError for a name that no interface can have
 * @throws StartError when it is taken, or not allowed, or there is no TUN driver
 */
export function openQueue(libc: Libc, name: string, flags: number): TunQueue {
  checkInterfaceName(name);
  const fd = openDevice(libc);
  const others = flags ^ IFF_MULTI_QUEUE;
  let used = flags;
  let error = attach(libc, fd, name, flags | IFF_TUN_EXCL);
  if (error === 'EINVAL' && (flags & IFF_MULTI_QUEUE) !== 0) {
    // Before Linux 3.8, there is one queue only.
    used = others;
    error = attach(libc, fd, name, others | IFF_TUN_EXCL);
  }
  const created = error === null;
  const isMissing = error === 'EPERM';
  // The interface exists: usable if it is a persistent TUN interface that nobody has attached to. The kernel would let
  // us take a part of the packets of a process that runs on several queues.
  if (error === 'EBUSY' && !isAttached(libc, name)) {
    used = flags;
    error = attach(libc, fd, name, flags);
    if (error === 'EINVAL') {
      used = others;
      error = attach(libc, fd, name, others);
    }
  }
  if (error !== null) {
    libc.close(fd);
    // What need not be created is for another user.
    throw attachError(error, name, !isMissing);
  }
  // A process that was killed left it with offloads.
  if (!created) libc.ioctlValue(fd, TUNSETOFFLOAD, 0);
  return { fd, created, flags: used };
}

/** Whether a process has attached to a TUN interface: it has a carrier then. */
function isAttached(libc: Libc, name: string): boolean {
  const netlink = new Rtnetlink(libc);
  let link: Link | null = null;
  netlink.request(getLinkMessage(name), (message) => {
    link = readLink(message);
  });
  netlink.close();
  return (link as Link | null)?.hasCarrier === true;
}

/** A further descriptor of an interface with several queues. @throws StartError */
export function openFurtherQueue(libc: Libc, name: string, flags: number): number {
  const fd = openDevice(libc);
  const error = attach(libc, fd, name, flags);
  if (error === null) return fd;
  libc.close(fd);
  throw attachError(error, name, true);
}

function openDevice(libc: Libc): number {
  const fd = libc.open(DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) throw openError(libc.nameOf(libc.errno()));
  return fd;
}

/** Attaches a descriptor to an interface; the name of the error, or null. */
function attach(libc: Libc, fd: number, name: string, flags: number): string | null {
  const request = flagsRequest(name, IFF_TUN | IFF_NO_PI | flags);
  return libc.ioctl(fd, TUNSETIFF, request) < 0 ? libc.nameOf(libc.errno()) : null;
}

function openError(code: string): StartError {
  switch (code) {
    case 'ENOENT':
    case 'ENODEV':
    case 'ENXIO':
      return new StartError(
        'ENOENT',
        `${DEVICE} is missing: run "modprobe tun" as root, or give the container this device`,
      );
    case 'EACCES':
    case 'EPERM':
      return new StartError(
        'EPERM',
        `opening ${DEVICE} needs root or CAP_NET_ADMIN: run "chmod 0666 ${DEVICE}"`,
      );
    default:
      return new StartError(code, `${DEVICE} cannot be opened: ${code}`);
  }
}

/** @param exists - whether the interface is there, and not ours */
function attachError(code: string, name: string, exists: boolean): StartError {
  switch (code) {
    case 'EPERM':
      return new StartError('EPERM', attachRefusal(name, exists));
    case 'EBUSY':
      return new StartError('EBUSY', `the interface ${name} is in use by another process`);
    case 'EINVAL':
      return new StartError('EEXIST', `${name} is an interface of another kind, not a free TUN`);
    default:
      return new StartError(code, `the interface ${name} cannot be created: ${code}`);
  }
}

/** Why an interface is not for us, with the commands by which an administrator makes one that is. */
function attachRefusal(name: string, exists: boolean): string {
  const make = `ip tuntap add name ${name} mode tun user ${process.getuid?.() ?? 0}`;
  const commands = `${make} && ip link set ${name} mtu ${TUNNEL_MTU} up`;
  return exists
    ? `the interface ${name} is for another user: run "ip link delete ${name} && ${commands}"`
    : `creating the interface ${name} needs root or CAP_NET_ADMIN; to prepare it, run "${commands}"`;
}
