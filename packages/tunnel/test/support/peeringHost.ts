import { formatIPv6, type Profile, parseIPv6, reference2020, UdpEndpoint } from '@6bed4/codec';
import type { NdMessage } from '@6bed4/nd';
import { Random } from '@6bed4/testing/random';
import type { OwnAddress, PeeringHost } from '../../src/peering/peering.js';
import { type RemoteKey, Remotes } from '../../src/peering/remotes.js';
import { ping } from './packets.js';
import { messageIn, OWN, OWN_ENDPOINT, remoteAt } from './peerBench.js';

/** A datagram that a part of peering sent. */
export interface PeeringDatagram {
  readonly to: string;
  readonly ttl: number;
  readonly length: number;
  readonly bytes: Uint8Array;
  readonly message: NdMessage | null;
}

/** The endpoint in `A.B.C.D:port`. */
export function endpointAt(text: string): UdpEndpoint {
  const [address, port] = text.split(':');
  const bits = address!.split('.').reduce((sum, byte) => (sum << 8) | Number(byte), 0);
  return new UdpEndpoint(bits >>> 0, Number(port));
}

/** What a part of peering needs around it, and what it sent. */
export class FakePeeringHost implements PeeringHost {
  readonly layout: Profile['layout'];
  readonly remotes: Remotes;
  readonly random: () => number = new Random(5).fraction;
  own: OwnAddress | null = { address: parseIPv6(OWN), endpoint: endpointAt(OWN_ENDPOINT) };
  isNeighbor = true;
  isLocal = true;
  isAccepted = true;
  isSource = true;
  /** The remote that {@link isSourceFor} was asked about last. */
  askedAbout: string | null = null;
  readonly #sent: PeeringDatagram[] = [];

  constructor(profile: Profile = reference2020, key: RemoteKey = 'address') {
    this.layout = profile.layout;
    this.remotes = new Remotes(this.layout, key, 64, this.random, () => {});
  }

  /** A remote that began to send to us, with no credit. */
  createInbound(endpoint: string, now = 0): number {
    return this.remotes.createSource(parseIPv6(remoteAt(endpoint)), 0, endpointAt(endpoint), now);
  }

  /** A remote that the local side began to send to, so that it is trusted. */
  create(endpoint: string, now = 0): number {
    const packet = ping(OWN, remoteAt(endpoint));
    return this.remotes.createDestination(packet, 0, endpointAt(endpoint), now);
  }

  send(to: Readonly<UdpEndpoint>, bytes: Uint8Array, length: number, ttl: number): void {
    const payload = bytes.slice(0, length);
    const [a, b, c, d] = [24, 16, 8, 0].map((shift) => (to.addressBits >>> shift) & 0xff);
    const message = messageIn({ payload });
    this.#sent.push({ to: `${a}.${b}.${c}.${d}:${to.port}`, ttl, length, bytes: payload, message });
  }

  /** Takes what was sent since the last look. */
  take(): PeeringDatagram[] {
    return this.#sent.splice(0);
  }

  accepts = (): boolean => this.isAccepted;
  isOwn = (): boolean => false;
  isOurselves = (): boolean => false;
  sharesPublicAddress = (): boolean => this.isNeighbor;
  isOnLocalSubnet = (): boolean => this.isLocal;
  isInterpretable = (): boolean => true;
  isInvitation = (): boolean => false;
  ownAddressFor = (): OwnAddress | null => this.own;
  isSourceFor = (remotes: Uint8Array, at: number): boolean => {
    this.askedAbout = formatIPv6(remotes.slice(at, at + 16));
    return this.isSource;
  };
  silence = (): void => {};
  remoteRefused = (): void => {};
  pathChanged = (): void => {};
}
