import { InvalidArgumentError } from '../arguments/invalidArgumentError.js';
import { draft00 } from '../layouts/draft00.js';
import { draft01 } from '../layouts/draft01.js';
import { draft03 } from '../layouts/draft03.js';
import type { Dialect, DialectName } from './dialect.js';

/** draft-vanrein-v6ops-6bed4-00 (2011). */
const draft00Dialect: Dialect = Object.freeze<Dialect>({
  name: 'draft00',
  layout: draft00,
  endpointIn: 'prefix',
  retracts: false,
  peering: 'via-router',
  redirects: false,
  invitations: false,
  avoidsTrapezium: false,
  searchesLan: false,
  trafficClass: 'opaque',
  shortFramesProbe: false,
  headerCompression: false,
  linkLocalPeers: false,
  correctsPrefix: false,
  acceptsForeignPrefix: false,
  trapeziumNeeds6bed4: false,
  offersForeignPrefix: false,
  returnsToOwnSubnetOnly: true,
});

/** draft-vanrein-v6ops-6bed4-01 (2012). */
const draft01Dialect: Dialect = Object.freeze<Dialect>({
  name: 'draft01',
  layout: draft01,
  endpointIn: 'identifier',
  retracts: false,
  peering: 'neighbor-discovery',
  redirects: true,
  invitations: false,
  avoidsTrapezium: false,
  searchesLan: true,
  trafficClass: 'opaque',
  shortFramesProbe: false,
  headerCompression: false,
  linkLocalPeers: true,
  correctsPrefix: false,
  acceptsForeignPrefix: false,
  trapeziumNeeds6bed4: false,
  offersForeignPrefix: false,
  returnsToOwnSubnetOnly: true,
});

/** draft-vanrein-6bed4-02 and -03 (2014–2020). */
const draft03Dialect: Dialect = Object.freeze<Dialect>({
  name: 'draft03',
  layout: draft03,
  endpointIn: 'prefix',
  retracts: true,
  peering: 'neighbor-discovery',
  redirects: false,
  invitations: true,
  avoidsTrapezium: true,
  searchesLan: false,
  trafficClass: 'no-seen',
  shortFramesProbe: false,
  headerCompression: true,
  linkLocalPeers: false,
  correctsPrefix: true,
  acceptsForeignPrefix: true,
  trapeziumNeeds6bed4: false,
  offersForeignPrefix: false,
  returnsToOwnSubnetOnly: false,
});

/** draft-vanrein-6bed4-04. */
const draft04Dialect: Dialect = Object.freeze<Dialect>({
  name: 'draft04',
  layout: draft03,
  endpointIn: 'prefix',
  retracts: true,
  peering: 'probe-and-seen',
  redirects: false,
  invitations: true,
  avoidsTrapezium: true,
  searchesLan: false,
  trafficClass: 'peering',
  shortFramesProbe: true,
  headerCompression: false,
  linkLocalPeers: false,
  correctsPrefix: false,
  acceptsForeignPrefix: false,
  trapeziumNeeds6bed4: true,
  offersForeignPrefix: true,
  returnsToOwnSubnetOnly: true,
});

/** The dialects by name, oldest first. */
export const dialects: Readonly<Record<DialectName, Dialect>> = Object.freeze({
  draft00: draft00Dialect,
  draft01: draft01Dialect,
  draft03: draft03Dialect,
  draft04: draft04Dialect,
});

/** The names of all dialects, oldest first. */
export const dialectNames: readonly DialectName[] = Object.freeze(
  Object.keys(dialects) as DialectName[],
);

/**
 * Reads the name of a dialect.
 *
 * @throws InvalidArgumentError
 */
export function parseDialectName(text: string): DialectName {
  const found = dialectNames.find((name) => name === text);
  if (found === undefined) {
    throw new InvalidArgumentError('dialect', JSON.stringify(text), dialectNames.join(', '));
  }
  return found;
}
