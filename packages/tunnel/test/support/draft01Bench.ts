import {
  draft01,
  draft01Profile,
  encodeAddress,
  formatIPv6,
  parseEndpoint,
  parseIPv4,
  parseIPv6,
} from '@6bed4/codec';
import type { NdOption } from '@6bed4/nd';
import type { PeerOptions } from '../../src/index.js';
import { advertisement, prefixOption } from './packets.js';
import { PeeringBench } from './peerBench.js';

const PREFIX = '2001:db8:64:64::/64';

/** A peer of draft01 with an address. */
export class Draft01Bench extends PeeringBench {
  static readonly ROUTER = '198.51.100.1:25788';
  static readonly OWN_ENDPOINT = '203.0.113.5:40000';

  constructor(options: Partial<PeerOptions> = {}) {
    super({ profile: draft01Profile, ...options });
    this.recorder.clear();
  }

  /** Its address. */
  get own(): string {
    return this.remoteAt(Draft01Bench.OWN_ENDPOINT);
  }

  /** The address of a peer at an endpoint. */
  remoteAt(peer: string): string {
    return encodeAddress({ prefix: PREFIX, peer }, { profile: draft01Profile });
  }

  override advertise(endpoint: string): void {
    const nonce = this.recorder.nonce;
    const options: NdOption[] = [prefixOption(parseIPv6('2001:db8:64:64::'), { prefixLength: 64 })];
    if (nonce !== null) options.push({ type: 'nonce', nonce });
    const destination = parseIPv6(Draft01Bench.linkLocalOf(endpoint).identifier);
    this.arrives(Draft01Bench.ROUTER, advertisement({ destination, options }));
  }

  /** The link-local addresses of an endpoint in both forms. */
  static linkLocalOf(this: void, endpoint: string): { identifier: string; linkScoped: string } {
    const { address, port } = parseEndpoint(endpoint);
    const identifier = parseIPv6('fe80::');
    draft01.writeUnchecked(identifier, 0, parseIPv4(address), port, 0);
    const linkScoped = new Uint8Array(16);
    draft01.writeLinkLocal(linkScoped, 0, parseIPv4(address), port);
    return { identifier: formatIPv6(identifier), linkScoped: formatIPv6(linkScoped) };
  }
}
