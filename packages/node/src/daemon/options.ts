import { inspect } from 'node:util';
import {
  type DialectName,
  findProfile,
  InvalidArgumentError,
  type Profile,
  parseDialectName,
  profileOf,
  reference2020,
} from '@6bed4/codec';
import type { TunnelSink } from '@6bed4/tunnel';
import type { DriverName } from '../drivers/driverName.js';
import type { Offloads } from '../drivers/linux/offloads.js';
import type { DatagramPort } from '../drivers/ports/datagramPort.js';
import {
  formatInboundPolicy,
  type InboundPolicy,
  inboundRules,
  parseInboundPolicy,
} from '../drivers/tun/inboundPolicy.js';
import type { Environment } from '../environment/environment.js';

/** Takes what a machine says that only checks its options. */
export const NO_SINK: TunnelSink = {
  sendDatagram: () => {},
  deliverPacket: () => {},
  event: () => {},
};

/** Options that routers and peers have in common; `undefined` means the default. */
export interface CommonOptions {
  /** UDP port to listen on; 0 lets the system choose. */
  readonly port?: number | undefined;
  /** Constants of the deployment, or the name of a known profile; default `reference2020`. */
  readonly profile?: Profile | string | undefined;
  /** The dialect to speak, with its usual constants; instead of `profile`. */
  readonly dialect?: DialectName | undefined;
  /**
   * Name of a TUN interface to create (Linux, with CAP_NET_ADMIN); default `false`, which makes this
   * program the local side: see `send` and the event `packet`.
   */
  readonly tun?: string | false | undefined;
  /**
   * What may reach the services of this computer through its interface: `open`, `established` for answers to
   * what it began, or services such as `tcp:22,udp:5060-5061` besides. Default `open`; the others need
   * the program `nft`. What this computer forwards is not concerned.
   */
  readonly inbound?: InboundPolicy | string | undefined;
  /** Send to and accept private IPv4 addresses; default: as the machine deduces. */
  readonly allowPrivate?: boolean | undefined;
  /**
   * Send to and accept 127.0.0.0/8; default: as the machine deduces. The host name of a router, but localhost,
   * has addresses there only where this is true.
   */
  readonly allowLoopback?: boolean | undefined;
  /**
   * A UDP port of another kind, such as one of a `memoryNetwork`; `listen` and `port` are not used
   * then. It is closed with the daemon.
   */
  readonly datagrams?: DatagramPort | undefined;
  /**
   * The driver that carries packets. `linux`: batched system calls, with a TUN interface in a thread of their
   * own, otherwise in this one. `portable`: `node:dgram` in this thread. `auto`, the default: `linux` where it
   * works; `driver().reason` tells why it does not.
   */
  readonly driver?: DriverName | undefined;
  /**
   * Work that the kernel may do for the Linux driver; for measurements and to find faults. `udp`: send and
   * receive several datagrams as one. `tun`: exchange several packets with the
   * interface as one. Default `all`.
   */
  readonly offloads?: Offloads | undefined;
  /**
   * A computer to live on in place of this one, such as a host of `@6bed4/simulator`: its UDP sockets, clock, timers
   * and random numbers. Without `clock`, `random`, `datagrams` and `tun`.
   */
  readonly environment?: Environment | undefined;
  /** Random numbers in [0, 1) that others cannot predict; default: of `node:crypto`. */
  readonly random?: (() => number) | undefined;
  /** Milliseconds that never go back; default `performance.now`. */
  readonly clock?: (() => number) | undefined;
}

/** The policy that the options give. @throws InvalidArgumentError also for one that there is no interface for */
export function chooseInbound({ inbound = 'open', tun = false }: CommonOptions): InboundPolicy {
  const policy = typeof inbound === 'string' ? parseInboundPolicy(inbound) : inbound;
  if (policy !== 'open' && tun === false) {
    throw new InvalidArgumentError(
      'inbound',
      formatInboundPolicy(policy),
      'open, without an interface',
    );
  }
  // Refuses an interface with a name that rules cannot have.
  if (policy !== 'open' && tun !== false) inboundRules(tun, policy);
  return policy;
}

/** Refuses what are no options at all, as callers without types may give them. @throws InvalidArgumentError */
export function checkOptions(options: unknown): void {
  if (typeof options === 'object' && options !== null) return;
  throw new InvalidArgumentError(
    'options',
    inspect(options),
    "an object such as { routers: '192.0.2.1' }",
  );
}

/** The profile that the options name. */
export function chooseProfile({ profile, dialect }: CommonOptions): Profile {
  if (typeof profile === 'string') return profileNamed(profile);
  if (profile !== undefined) return profile;
  if (dialect === undefined) return reference2020;
  return profileOf(parseDialectName(dialect));
}

function profileNamed(name: string): Profile {
  const found = findProfile(name);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(
    'profile',
    JSON.stringify(name),
    'a profile such as reference2020',
  );
}
