import { type Endpoint, formatEndpoint, type Profile } from '@6bed4/codec';
import { UplinkPort, type UplinkPortUser } from '../drivers/gateway/uplinkPort.js';
import { StartError } from '../errors.js';
import type { PortMaker } from './openDaemonDriver.js';
import { chooseGateway, type PeerDaemonOptions } from './peerOptions.js';

/** The way of a peer to the Internet, where that may be a gateway. */
export class PeerUplink {
  readonly #user: UplinkPortUser;
  #port: UplinkPort | null = null;

  constructor(user: UplinkPortUser) {
    this.#user = user;
  }

  /** The gateway that datagrams take; null for UDP, and without a connection. */
  get gateway(): string | null {
    return this.#port?.state.gateway ?? null;
  }

  /** Makes the port of the peer; null where there is to be none but UDP. @throws InvalidArgumentError */
  maker(options: PeerDaemonOptions, profile: Profile): PortMaker | null {
    const choice = chooseGateway(options, profile);
    if (choice === null) return null;
    const { usesUdp, urls, token, proxyOf } = choice;
    return {
      usesUdp,
      open: async (udp) => {
        this.#port = await UplinkPort.open({ udp, urls, token, proxyOf }, this.#user);
        return this.#port;
      },
    };
  }

  /** The computer is in another network, or slept. */
  networkChanged(): void {
    this.#port?.networkChanged();
  }
}

/** What there is to say about a gateway that leads to none of the routers of a peer; null where it leads to one. */
export function warningAbout(
  gateway: string,
  served: readonly Endpoint[],
  wanted: readonly Endpoint[],
): StartError | null {
  const texts = new Set(served.map(formatEndpoint));
  if (wanted.length === 0 || wanted.some((one) => texts.has(formatEndpoint(one)))) return null;
  const why = `the gateway ${gateway} leads to ${[...texts].join(', ')}, no router of this peer`;
  return new StartError('ENETUNREACH', why);
}
