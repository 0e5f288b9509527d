import { parseIPv4, UdpEndpoint } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { EndpointPolicy } from '../../src/address/endpointPolicy.js';

const at = (address: string, port = 25_790): UdpEndpoint =>
  new UdpEndpoint(parseIPv4(address), port);

const never = ['0.0.0.0', '0.255.255.255', '224.0.0.0', '239.255.255.255', '255.255.255.255'];
const loopback = ['127.0.0.0', '127.0.0.1', '127.255.255.255'];
const internal = [
  ...['10.0.0.0', '10.255.255.255', '100.64.0.0', '100.127.255.255', '169.254.0.0'],
  ...['169.254.255.255', '172.16.0.0', '172.31.255.255', '192.168.0.0', '192.168.255.255'],
];
const open = [
  ...['1.0.0.0', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255'],
  ...['128.0.0.0', '169.253.255.255', '169.255.0.0', '172.15.255.255', '172.32.0.0'],
  ...['192.167.255.255', '192.169.0.0', '223.255.255.255'],
];

describe('the endpoints that a policy accepts', () => {
  test.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])('with loopback %s and private %s', (allowLoopback, allowPrivate) => {
    const policy = new EndpointPolicy({ allowLoopback, allowPrivate });
    const accepted = (addresses: readonly string[]) =>
      addresses.filter((address) => policy.accepts(at(address)));
    expect(accepted(never)).toEqual([]);
    expect(accepted(loopback)).toEqual(allowLoopback ? loopback : []);
    expect(accepted(internal)).toEqual(allowPrivate ? internal : []);
    expect(accepted(open)).toEqual(open);
  });

  test('have a port', () => {
    const policy = new EndpointPolicy({ allowLoopback: true, allowPrivate: true });
    const ports = [0, 1, 65_535].map((port) => policy.accepts(at('192.0.2.1', port)));
    expect(ports).toEqual([false, true, true]);
  });
});

describe('the policy that suits a node', () => {
  test.each([
    ['192.0.2.1', false, false],
    ['10.0.0.1', false, true],
    ['127.0.0.1', true, true],
  ])('at %s: loopback %s, private %s', (own, acceptsLoopback, acceptsPrivate) => {
    const policy = EndpointPolicy.deduceFrom(parseIPv4(own), {});
    expect(policy.accepts(at('127.0.0.1'))).toBe(acceptsLoopback);
    expect(policy.accepts(at('10.0.0.1'))).toBe(acceptsPrivate);
  });

  test('is what the user says, where he says something', () => {
    const forbidding = EndpointPolicy.deduceFrom(parseIPv4('127.0.0.1'), {
      allowLoopback: false,
      allowPrivate: false,
    });
    expect(forbidding.accepts(at('127.0.0.1')) || forbidding.accepts(at('10.0.0.1'))).toBe(false);
    const allowing = EndpointPolicy.deduceFrom(parseIPv4('192.0.2.1'), {
      allowLoopback: true,
      allowPrivate: true,
    });
    expect(allowing.accepts(at('127.0.0.1')) && allowing.accepts(at('10.0.0.1'))).toBe(true);
  });
});
