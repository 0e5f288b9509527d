import type { SelectionOptions } from './destinationSelection.js';
import { type AddressPair, selectAddresses } from './destinationSelection.js';
import type { SourceAddress } from './sourceSelection.js';
import { systemSource } from './systemSource.js';

/** A tunnel, as far as its addresses count among the sources; a tunnel of `openTunnel` is one. */
export interface TunnelAddresses {
  /** The addresses that the program has through the tunnel; none while no router has answered. */
  readonly addresses: readonly string[];
}

/** What programs that select among real addresses may give. */
export interface CandidateOptions extends SelectionOptions {
  /** A tunnel of this program, next to what the system has. */
  readonly tunnel?: TunnelAddresses;
  /**
   * What the system would send from, or null where it has no route; default: asks the system.
   */
  readonly systemSource?: (destination: string) => Promise<SourceAddress | null>;
}

/** Puts destinations in order, with what the system and the tunnel offer as sources. */
export async function selectCandidates(
  destinations: readonly string[],
  options: CandidateOptions,
): Promise<AddressPair[]> {
  const ask = options.systemSource ?? systemSource;
  const answers = await Promise.all(destinations.map(ask));
  const bySystem = new Map(destinations.map((each, index) => [each, answers[index] ?? null]));
  const byTunnel = tunnelSources(options.tunnel);
  const sourcesFor = (destination: string): SourceAddress[] => {
    const own = bySystem.get(destination) ?? null;
    return own === null ? byTunnel : [own, ...byTunnel];
  };
  return selectAddresses(destinations, sourcesFor, options);
}

function tunnelSources(tunnel: TunnelAddresses | undefined): SourceAddress[] {
  return (tunnel?.addresses ?? []).map((address) => ({ address, tunnelled: true }));
}
