import { InvalidArgumentError } from '@6bed4/codec';
import { StartError } from '../../errors.js';
import {
  IFF_NO_PI,
  IFF_TUN,
  IFF_TUN_EXCL,
  IFNAMSIZ,
  O_CLOEXEC,
  O_NONBLOCK,
  O_RDWR,
  TUNSETIFF,
} from '../kernel/constants.js';
import type { Libc, Readiness } from '../kernel/libc.js';
import { LITTLE_ENDIAN, viewOf } from '../kernel/native.js';

const DEVICE = '/dev/net/tun';

/** `struct ifreq`: the name, and a union of 24 bytes (16 on 32-bit machines). */
const IFREQ_SIZE = 40;
const IFREQ_FLAGS = 16;

/** The largest packet that an interface of the largest MTU can hand over. */
const READ_BUFFER = 65_536;
/** Packets taken from the interface before others of this process have their turn. */
const READ_BATCH = 64;

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

/** Receives a packet from the kernel; the bytes are lent for the duration of the call. */
export type PacketReader = (bytes: Uint8Array, offset: number, length: number) => void;

/**
 * A TUN interface: the kernel's IPv6 packets come out of it and go into it, one per read and write.
 * The kernel removes an interface that we created when its descriptor is closed, so also when this
 * process is killed.
 */
export class Tun {
  readonly name: string;
  /** Whether it was created by us, and not prepared by an administrator for us to use. */
  readonly created: boolean;

  readonly #libc: Libc;
  readonly #buffer = new Uint8Array(READ_BUFFER);
  readonly #errors: { readonly again: number; readonly interrupted: number; readonly gone: number };
  #fd: number;
  #watch: Readiness | null = null;
  #scheduled = false;
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
   * Creates an interface, or attaches to a persistent one of that name which nobody is using.
   *
   * @throws InvalidArgumentError for a name that no interface can have
   * @throws StartError when it is taken, or not allowed, or there is no TUN driver
   */
  static open(libc: Libc, name: string): Tun {
    const { fd, created } = openQueue(libc, name, 0);
    return new Tun(libc, fd, name, created);
  }

  /** Packets that the kernel did not take: the interface was down, or its queue full. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Begins to read.
   *
   * @param onGone - the interface was removed by someone else; nothing comes any more
   */
  start(reader: PacketReader, onGone: () => void): void {
    const drain = (): void => {
      this.#scheduled = false;
      this.#drain(reader, onGone);
    };
    // Packets are handled in a callback of Node's own, where exceptions, promises and ticks work.
    this.#watch = this.#libc.watch(this.#fd, () => {
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(drain);
    });
  }

  /**
   * Hands one packet to the kernel.
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

  /** Gives the interface back; the kernel removes it if we created it. */
  close(): void {
    if (this.#fd < 0) return;
    this.#watch?.close();
    this.#watch = null;
    this.#libc.close(this.#fd);
    this.#fd = -1;
  }

  #drain(reader: PacketReader, onGone: () => void): void {
    for (let count = 0; count < READ_BATCH && this.#fd >= 0; count++) {
      const length = this.#libc.read(this.#fd, this.#buffer, READ_BUFFER);
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

/** A descriptor of an interface. */
export interface TunQueue {
  readonly fd: number;
  /** Whether the interface was created, and not prepared by an administrator. */
  readonly created: boolean;
}

/**
 * Creates an interface, or attaches to a persistent one of that name which nobody is using.
 *
 * @param flags - of `struct ifreq`, besides those that every interface of ours has
 * @throws InvalidArgumentError for a name that no interface can have
 * @throws StartError when it is taken, or not allowed, or there is no TUN driver
 */
export function openQueue(libc: Libc, name: string, flags: number): TunQueue {
  checkInterfaceName(name);
  const fd = openDevice(libc);
  let error = attach(libc, fd, name, flags | IFF_TUN_EXCL);
  const created = error === null;
  // There is one of that name: ours to use if it is a TUN that was made for us and is free.
  if (error === 'EBUSY') error = attach(libc, fd, name, flags);
  if (error !== null) {
    libc.close(fd);
    throw attachError(error, name);
  }
  return { fd, created };
}

/** A further descriptor of an interface with several queues. @throws StartError */
export function openFurtherQueue(libc: Libc, name: string, flags: number): number {
  const fd = openDevice(libc);
  const error = attach(libc, fd, name, flags);
  if (error === null) return fd;
  libc.close(fd);
  throw attachError(error, name);
}

function openDevice(libc: Libc): number {
  const fd = libc.open(DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) throw openError(libc.nameOf(libc.errno()));
  return fd;
}

/** Attaches a descriptor to an interface; the name of the error, or null. */
function attach(libc: Libc, fd: number, name: string, flags: number): string | null {
  const request = new Uint8Array(IFREQ_SIZE);
  request.set(new TextEncoder().encode(name));
  viewOf(request).setUint16(IFREQ_FLAGS, IFF_TUN | IFF_NO_PI | flags, LITTLE_ENDIAN);
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
      return new StartError('EPERM', `opening ${DEVICE} needs root or CAP_NET_ADMIN`);
    default:
      return new StartError(code, `${DEVICE} cannot be opened: ${code}`);
  }
}

function attachError(code: string, name: string): StartError {
  switch (code) {
    case 'EPERM':
      return new StartError('EPERM', `creating the interface ${name} needs root or CAP_NET_ADMIN`);
    case 'EBUSY':
      return new StartError('EBUSY', `the interface ${name} is in use by another process`);
    case 'EINVAL':
      return new StartError('EEXIST', `${name} is an interface of another kind, not a free TUN`);
    default:
      return new StartError(code, `the interface ${name} cannot be created: ${code}`);
  }
}
