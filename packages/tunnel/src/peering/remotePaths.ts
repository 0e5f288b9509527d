import { type Endpoint, formatIPv4, type UdpEndpoint } from '@6bed4/codec';
import { grown } from '@6bed4/nd';
import type { PathChanged, RemoteSnapshot } from '../report/events.js';
import {
  Confirmation,
  type ConfirmationCode,
  confirmationNames,
  Path,
  type PathCode,
  pathNames,
} from '../report/path.js';
import { DISTANT_PAST } from '../time.js';

/** A path that was never reported. */
const NOT_REPORTED = 255;

/** The change of a path, as reported to users, but for the remote. */
export type PathChange = Omit<PathChanged, 'type' | 'remote' | 'direction'>;

/** The properties of a path in the snapshot of its remote. */
export type PathSnapshot = Pick<
  RemoteSnapshot,
  'path' | 'endpoint' | 'confirmedBy' | 'confirmedAt' | 'validUntil' | 'roundTrip'
>;

/**
 * The paths to remotes, by slot. A path is `relayed` until it is confirmed. A confirmation is valid for
 * a time, after which packets are relayed again; the path itself is remembered until
 * {@link RemotePaths.giveUp}, so that it is solicited where it was.
 *
 * Direct packets go to the endpoint that the remote's address encodes, or to one that a confirmation
 * names; nothing else can move them.
 */
export class RemotePaths {
  readonly #changed: (slot: number, change: PathChange) => void;
  /** The {@link Path} confirmed last. */
  #paths = new Uint8Array();
  /** The {@link Path} that users know of. */
  #reported = new Uint8Array();
  /** The {@link Confirmation} of the path. */
  #confirmations = new Uint8Array();
  #validUntil = new Float64Array();
  #confirmedAt = new Float64Array();
  #roundTrips = new Float64Array();
  /** The endpoint that the remote's address encodes: IPv4 as int32. */
  #encodedAddress = new Int32Array();
  #encodedPort = new Uint16Array();
  /** The endpoint of direct packets. */
  #directAddress = new Int32Array();
  #directPort = new Uint16Array();

  /**
   * @param capacity - slots of remotes
   * @param changed - is called with each path that differs from the one reported before
   */
  constructor(capacity: number, changed: (slot: number, change: PathChange) => void) {
    this.#changed = changed;
    this.grow(capacity);
  }

  /** Makes room for slots up to `capacity`; nothing changes for those that there are. */
  grow(capacity: number): void {
    this.#paths = grown(this.#paths, capacity);
    this.#reported = grown(this.#reported, capacity);
    this.#confirmations = grown(this.#confirmations, capacity);
    this.#validUntil = grown(this.#validUntil, capacity);
    this.#confirmedAt = grown(this.#confirmedAt, capacity);
    this.#roundTrips = grown(this.#roundTrips, capacity);
    this.#encodedAddress = grown(this.#encodedAddress, capacity);
    this.#encodedPort = grown(this.#encodedPort, capacity);
    this.#directAddress = grown(this.#directAddress, capacity);
    this.#directPort = grown(this.#directPort, capacity);
  }

  /**
   * Begins with a remote of which no path is known.
   *
   * @param endpoint - the endpoint that its address encodes
   */
  reset(slot: number, endpoint: Readonly<UdpEndpoint>): void {
    this.#paths[slot] = Path.relayed;
    this.#reported[slot] = NOT_REPORTED;
    this.#confirmations[slot] = Confirmation.none;
    this.#validUntil[slot] = DISTANT_PAST;
    this.#confirmedAt[slot] = DISTANT_PAST;
    this.#roundTrips[slot] = Number.NaN;
    this.#encodedAddress[slot] = endpoint.addressBits;
    this.#encodedPort[slot] = endpoint.port;
    this.#directAddress[slot] = endpoint.addressBits;
    this.#directPort[slot] = endpoint.port;
  }

  /** Whether packets may go direct. For every packet. */
  isValid(slot: number, now: number): boolean {
    return now < this.#validUntil[slot]!;
  }

  /** The path that was confirmed last, valid or not; `relayed` where none was. */
  path(slot: number): PathCode {
    return this.#paths[slot] as PathCode;
  }

  /** Time at which the path was last confirmed, in milliseconds; {@link DISTANT_PAST} for never. */
  confirmedAt(slot: number): number {
    return this.#confirmedAt[slot]!;
  }

  /**
   * A direct path is confirmed.
   *
   * @param endpoint - where direct packets go from now on
   * @param validUntil - until when they may, in milliseconds
   */
  confirm(
    slot: number,
    path: PathCode,
    endpoint: Readonly<UdpEndpoint>,
    confirmation: ConfirmationCode,
    validUntil: number,
    now: number,
  ): void {
    this.#directAddress[slot] = endpoint.addressBits;
    this.#directPort[slot] = endpoint.port;
    this.#confirmedAt[slot] = now;
    this.#validUntil[slot] = validUntil;
    this.#set(slot, path, confirmation);
  }

  /** The remote's address is an invitation: packets may go direct though nothing was confirmed. */
  invite(slot: number, validUntil: number): void {
    this.#validUntil[slot] = validUntil;
    this.#set(slot, Path.direct, Confirmation.invitation);
  }

  /** The confirmation is valid no more: packets are relayed until there is another one. */
  expire(slot: number): void {
    this.#validUntil[slot] = DISTANT_PAST;
  }

  /** The search for a direct path, or for a confirmation of the one there was, was in vain. */
  giveUp(slot: number): void {
    this.expire(slot);
    this.#directAddress[slot] = this.#encodedAddress[slot]!;
    this.#directPort[slot] = this.#encodedPort[slot]!;
    this.#set(slot, Path.relayed, Confirmation.none);
  }

  /** Keeps the round trip on the direct path, in milliseconds. */
  measured(slot: number, roundTrip: number): void {
    this.#roundTrips[slot] = roundTrip;
  }

  /** Whether this is the endpoint that the address of a remote encodes. */
  isEncodedEndpoint(slot: number, endpoint: Readonly<UdpEndpoint>): boolean {
    return (
      this.#encodedAddress[slot] === endpoint.addressBits &&
      this.#encodedPort[slot] === endpoint.port
    );
  }

  /** The endpoint that the address of a remote encodes, as users see it. */
  encodedEndpoint(slot: number): Endpoint {
    return {
      address: formatIPv4(this.#encodedAddress[slot]! >>> 0),
      port: this.#encodedPort[slot]!,
    };
  }

  /** The IPv4 address that the address of a remote encodes, as int32. */
  encodedAddress(slot: number): number {
    return this.#encodedAddress[slot]!;
  }

  /** Reads the endpoint that the address of a remote encodes. */
  readEncodedEndpoint(slot: number, into: UdpEndpoint): void {
    into.address = this.#encodedAddress[slot]!;
    into.port = this.#encodedPort[slot]!;
  }

  /** Reads the endpoint to which direct packets go. */
  readDirect(slot: number, into: UdpEndpoint): void {
    into.address = this.#directAddress[slot]!;
    into.port = this.#directPort[slot]!;
  }

  /** A path at this moment, as users see it. */
  snapshot(slot: number, now: number): PathSnapshot {
    const isValid = this.isValid(slot, now);
    return {
      path: pathNames[isValid ? this.#paths[slot]! : Path.relayed]!,
      endpoint: isValid ? this.#directEndpoint(slot) : null,
      confirmedBy: isValid ? confirmationNames[this.#confirmations[slot]!]! : null,
      confirmedAt: finiteOrNull(this.#confirmedAt[slot]!),
      validUntil: isValid ? finiteOrNull(this.#validUntil[slot]!) : null,
      roundTrip: finiteOrNull(this.#roundTrips[slot]!),
    };
  }

  /** Reports the path once more, if it was reported: its remote has become an outbound one. */
  reportAgain(slot: number): void {
    const reported = this.#reported[slot]!;
    if (reported !== NOT_REPORTED) this.#report(slot, reported);
  }

  #set(slot: number, path: PathCode, confirmation: ConfirmationCode): void {
    this.#paths[slot] = path;
    this.#confirmations[slot] = confirmation;
    const previous = this.#reported[slot]!;
    if (previous !== path) this.#report(slot, previous);
  }

  #report(slot: number, previous: number): void {
    const path = this.path(slot);
    const confirmation = this.#confirmations[slot]!;
    this.#reported[slot] = path;
    this.#changed(slot, {
      path: pathNames[path]!,
      previous: previous === NOT_REPORTED ? null : pathNames[previous]!,
      endpoint: path === Path.relayed ? null : this.#directEndpoint(slot),
      confirmedBy: confirmationNames[confirmation]!,
      roundTrip: path === Path.relayed ? null : finiteOrNull(this.#roundTrips[slot]!),
    });
  }

  #directEndpoint(slot: number): Endpoint {
    return {
      address: formatIPv4(this.#directAddress[slot]! >>> 0),
      port: this.#directPort[slot]!,
    };
  }
}

/** A number for users: null for a time that never was or never comes. */
export function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
