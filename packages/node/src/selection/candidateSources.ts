import type { SelectionOptions } from './destinationSelection.js';
import { type AddressPair, selectAddresses } from './destinationSelection.js';
import type { SourceAddress } from './sourceSelection.js';
import { systemSource } from './systemSource.js';

/** A tunnel whose addresses are candidate source addresses, such as one of `openTunnel`. */
export interface TunnelAddresses {
  /** The addresses of the tunnel; none while no router has assigned one. */
  readonly addresses: readonly string[];
}

/** Options of address selection with candidate source addresses of the system and of a tunnel. */
export interface CandidateOptions extends SelectionOptions {
  /** A tunnel of this program, in addition to the interfaces of the system. */
  readonly tunnel?: TunnelAddresses;
  /**
   * Returns the source address of the system for a destination, or null where it has no route; default:
   * {@link systemSource}.
   */
  readonly systemSource?: (destination: string) => Promise<SourceAddress | null>;
}

/** Orders destinations, with the candidate source addresses of the system and of the tunnel. */
export async function selectWithCandidateSources(
  destinations: readonly string[],
  options: CandidateOptions,
): Promise<AddressPair[]> {
  const sourceOf = options.systemSource ?? systemSource;
  const found = await Promise.all(destinations.map(sourceOf));
  const ofSystem = new Map(destinations.map((each, index) => [each, found[index] ?? null]));
  const ofTunnel = tunnelSources(options.tunnel);
  const sourcesFor = (destination: string): SourceAddress[] => {
    const own = ofSystem.get(destination) ?? null;
    return own === null ? ofTunnel : [own, ...ofTunnel];
  };
  return selectAddresses(destinations, sourcesFor, options);
}

function tunnelSources(tunnel: TunnelAddresses | undefined): SourceAddress[] {
  return (tunnel?.addresses ?? []).map((address) => ({ address, tunnelled: true }));
}
