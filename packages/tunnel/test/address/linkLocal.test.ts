import { draft01, draft03, parseIPv4, parseIPv6, UdpEndpoint } from '@6bed4/codec';
import { expect, test } from 'vitest';
import { isLinkLocalOf } from '../../src/address/linkLocal.js';
import {
  ALL_NODES,
  ALL_ROUTERS,
  ROUTER_LINK_LOCAL,
  UNSPECIFIED,
} from '../../src/address/wellKnownAddresses.js';

const ENDPOINT = new UdpEndpoint(parseIPv4('198.51.100.2'), 62_802);

test.each([
  ['the lower half of draft-03', draft03, 'fe80::c433:6402:f552:8000', true],
  ['with any lanip', draft03, 'fe80::c433:6402:f552:8001', true],
  ['the link-scoped form of draft-03', draft03, 'fe80::c633:6402:f552', true],
  ['the EUI-64 of draft-01', draft01, 'fe80::50f5:c6ff:fe33:6402', true],
  ['another address in the lower half', draft03, 'fe80::c433:6403:f552:8000', false],
  ['another port in the lower half', draft03, 'fe80::c433:6402:f553:8000', false],
  ['another address in the link-scoped form', draft03, 'fe80::c633:6403:f552', false],
  ['another port in the link-scoped form', draft03, 'fe80::c633:6402:f553', false],
  ['another form of link-local prefix', draft03, 'fe80:1::c633:6402:f552', false],
  ['no link-local prefix', draft03, '2001:db8::c433:6402:f552:8000', false],
  ['no link-local prefix', draft03, '::c633:6402:f552', false],
])('a link-local address of an endpoint: %s', (_form, layout, address, expected) => {
  const bytes = new Uint8Array(20);
  bytes.set(parseIPv6(address), 3);
  expect(isLinkLocalOf(layout, bytes, 3, ENDPOINT)).toBe(expected);
});

test.each([
  ['ff02::1', ALL_NODES],
  ['ff02::2', ALL_ROUTERS],
  ['fe80::', ROUTER_LINK_LOCAL],
  ['::', UNSPECIFIED],
])('%s is written as RFC 4291 says', (text, address) => {
  expect(address).toEqual(parseIPv6(text));
});
