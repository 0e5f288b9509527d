import {
  type DialectName,
  findProfile,
  type Profile,
  parseDialectName,
  profileOf,
  reference2020,
} from '@6bed4/codec';
import type { Offloads } from '../drivers/linux/offloads.js';
import type { DatagramPort } from '../drivers/ports/datagramPort.js';
import { checkingOptions, UsageError } from '../errors.js';
import type { DriverName } from './chooseDriver.js';

const HIGHEST_PORT = 0xffff;

/** What routers and peers have in common. */
export interface CommonOptions {
  /** UDP port to listen on; 0 lets the system choose. */
  readonly port?: number;
  /** Constants of the deployment, or the name of a known profile; default `reference2020`. */
  readonly profile?: Profile | string;
  /** The dialect to speak, with its usual constants; instead of `profile`. */
  readonly dialect?: DialectName;
  /**
   * Name of a TUN interface to create (Linux, with CAP_NET_ADMIN); default `false`, which makes this
   * program the local side: see `send` and the event `packet`.
   */
  readonly tun?: string | false;
  /** Send to and believe private IPv4 addresses; default: as the machine deduces. */
  readonly allowPrivate?: boolean;
  /** Send to and believe 127.0.0.0/8; default: as the machine deduces. */
  readonly allowLoopback?: boolean;
  /**
   * A UDP port of another kind, such as one of a `memoryNetwork`; `listen` and `port` are not used
   * then. It is closed with the daemon.
   */
  readonly datagrams?: DatagramPort;
  /**
   * How packets are carried. `linux`: by batched system calls in a thread of their own, between a UDP
   * socket and a TUN interface. `portable`: by `node:dgram` in this thread. `auto`, the default: `linux`
   * where it works and there is a TUN interface.
   */
  readonly driver?: DriverName;
  /**
   * What the kernel may do for the Linux driver; for measurements and to find faults. `udp`: send and
   * receive several datagrams as one. `tun`: join and cut the packets of the interface. Default `all`.
   */
  readonly offloads?: Offloads;
  /** Random numbers in [0, 1) that strangers cannot foresee; default: of `node:crypto`. */
  readonly random?: () => number;
  /** Milliseconds that never go back; default `performance.now`. */
  readonly clock?: () => number;
}

/** The profile that the options name. */
export function chooseProfile({ profile, dialect }: CommonOptions): Profile {
  if (typeof profile === 'string') return profileNamed(profile);
  if (profile !== undefined) return profile;
  if (dialect === undefined) return reference2020;
  return profileOf(checkingOptions(() => parseDialectName(dialect), 'dialect'));
}

function profileNamed(name: string): Profile {
  const found = findProfile(name);
  if (found !== undefined) return found;
  throw new UsageError('profile', JSON.stringify(name), 'a profile such as reference2020');
}

/** Checks a UDP port, 0 included. */
export function checkPort(port: number): number {
  if (!Number.isInteger(port) || port < 0 || port > HIGHEST_PORT) {
    throw new UsageError('port', String(port), `an integer from 0 to ${HIGHEST_PORT}`);
  }
  return port;
}
