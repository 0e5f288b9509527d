import { UdpEndpoint } from '@6bed4/codec';
import { grown } from '@6bed4/nd';
import { REDIRECT_INTERVAL } from '../defaults.js';
import { Path } from '../report/path.js';
import type { PeeringHost } from './peering.js';
import { buildRedirect } from './redirectMessages.js';
import type { Remotes } from './remotes.js';

/**
 * Sends Redirects to remotes (draft-01 §6.13). A remote whose packets come through the router although
 * we have confirmed the direct path has not found it, or has lost it: a packet of its own, returned on
 * that path in a Redirect, is a hint to solicit us there.
 */
export class RedirectHints {
  readonly #host: PeeringHost;
  readonly #remotes: Remotes;
  /** Earliest time of the next redirect of a remote. */
  #nextAt = new Float64Array();
  readonly #to = new UdpEndpoint();

  constructor(host: PeeringHost, remotes: Remotes) {
    this.#host = host;
    this.#remotes = remotes;
    this.grow(remotes.capacity);
  }

  /** Makes room for slots up to `capacity`; nothing changes for those that there are. */
  grow(capacity: number): void {
    this.#nextAt = grown(this.#nextAt, capacity);
  }

  /** Begins with a remote, which is left some time to find the path by itself. */
  created(slot: number, now: number): void {
    this.#nextAt[slot] = now + REDIRECT_INTERVAL;
  }

  /** A packet came through the router from a remote that we reach directly. For every such packet. */
  packetRelayed(
    slot: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    now: number,
  ): void {
    const { paths } = this.#remotes;
    if (now < this.#nextAt[slot]! || paths.path(slot) === Path.relayed) return;
    const own = this.#host.ownAddressFor(this.#remotes.address(slot));
    if (own === null) return;
    this.#nextAt[slot] = now + REDIRECT_INTERVAL;
    const redirect = buildRedirect(this.#host.layout, own, bytes, offset, length);
    paths.readDirect(slot, this.#to);
    this.#host.send(this.#to, redirect, redirect.length, 0);
  }
}
