import { describe, expect, test } from 'vitest';
import {
  type Dialect,
  dialectNames,
  dialects,
  draft00,
  draft01,
  draft03,
} from '../../src/index.js';

const expected: readonly Dialect[] = [
  {
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
  },
  {
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
  },
  {
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
  },
  {
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
  },
];

describe('dialects', () => {
  test('are listed oldest first', () => {
    expect(Object.values(dialects)).toEqual(expected);
    expect(dialectNames).toEqual(expected.map(({ name }) => name));
  });

  test.each(dialectNames)('%s has the name and flags that match its layout', (name) => {
    const { layout } = dialects[name];
    expect(dialects[name].name).toBe(name);
    expect(layout.hasLanip).toBe(layout.maxLanip > 0);
    expect(layout.evenPorts).toBe(!layout.acceptsPort(25_789));
  });
});
