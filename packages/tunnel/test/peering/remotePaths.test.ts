import { UdpEndpoint } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { type PathChange, RemotePaths } from '../../src/peering/remotePaths.js';
import { Confirmation, Path } from '../../src/report/path.js';
import { endpointAt } from '../support/peeringHost.js';

const ENCODED = endpointAt('192.0.2.9:5000');
const LAN = endpointAt('192.168.1.7:6666');

function bench() {
  const changes: PathChange[] = [];
  const paths = new RemotePaths(1, (_, change) => changes.push(change));
  paths.reset(0, ENCODED);
  const confirm = (path: 1 | 2, to: UdpEndpoint, until: number, now: number): void => {
    paths.confirm(0, path, to, Confirmation.neighborAdvertisement, until, now);
  };
  const direct = (): string => {
    const to = new UdpEndpoint();
    paths.readDirect(0, to);
    return `${to.addressBits}:${to.port}`;
  };
  return { paths, changes, confirm, direct };
}

const text = ({ addressBits, port }: UdpEndpoint): string => `${addressBits}:${port}`;

describe('the path to a remote', () => {
  test('is relayed at first, and known to nobody', () => {
    const { paths, changes, direct } = bench();
    expect(changes).toEqual([]);
    expect([paths.path(0), paths.isValid(0, -1e9), direct()]).toEqual([
      Path.relayed,
      false,
      text(ENCODED),
    ]);
    expect(paths.snapshot(0, 0)).toEqual({
      path: 'relayed',
      endpoint: null,
      confirmedBy: null,
      confirmedAt: null,
      validUntil: null,
      roundTrip: null,
    });
  });

  test('is valid until the time that its confirmation says', () => {
    const { paths, confirm, direct } = bench();
    paths.measured(0, 20);
    confirm(Path.lan, LAN, 100, 5);
    expect([paths.isValid(0, 99), paths.isValid(0, 100)]).toEqual([true, false]);
    expect([paths.path(0), paths.confirmedAt(0), direct()]).toEqual([Path.lan, 5, text(LAN)]);
    expect(paths.snapshot(0, 99)).toEqual({
      path: 'lan',
      endpoint: { address: '192.168.1.7', port: 6666 },
      confirmedBy: 'neighbor-advertisement',
      confirmedAt: 5,
      validUntil: 100,
      roundTrip: 20,
    });
    expect(paths.snapshot(0, 100)).toMatchObject({ path: 'relayed', endpoint: null });
    expect(paths.snapshot(0, 100)).toMatchObject({ confirmedBy: null, validUntil: null });
  });

  test('is remembered when it expires, and forgotten when it is given up', () => {
    const { paths, confirm, direct } = bench();
    confirm(Path.lan, LAN, 100, 5);
    paths.expire(0);
    expect([paths.isValid(0, 50), paths.path(0), direct()]).toEqual([false, Path.lan, text(LAN)]);
    confirm(Path.lan, LAN, 100, 5);
    paths.giveUp(0);
    expect([paths.isValid(0, 50), paths.path(0), direct()]).toEqual([
      false,
      Path.relayed,
      text(ENCODED),
    ]);
  });

  test('is reported when it is another than before', () => {
    const { paths, changes, confirm } = bench();
    paths.measured(0, 20);
    confirm(Path.direct, ENCODED, 100, 5);
    confirm(Path.direct, ENCODED, 200, 50);
    paths.giveUp(0);
    paths.giveUp(0);
    paths.invite(0, 300);
    const endpoint = { address: '192.0.2.9', port: 5000 };
    expect(changes).toEqual([
      {
        path: 'direct',
        previous: null,
        endpoint,
        confirmedBy: 'neighbor-advertisement',
        roundTrip: 20,
      },
      { path: 'relayed', previous: 'direct', endpoint: null, confirmedBy: null, roundTrip: null },
      {
        path: 'direct',
        previous: 'relayed',
        endpoint,
        confirmedBy: 'invitation',
        roundTrip: 20,
      },
    ]);
    expect([paths.isValid(0, 299), paths.isValid(0, 300)]).toEqual([true, false]);
  });

  test('is nothing of what was known when another remote takes its slot', () => {
    const { paths, changes, confirm, direct } = bench();
    paths.measured(0, 20);
    confirm(Path.lan, LAN, 100, 5);
    paths.reset(0, endpointAt('192.0.2.10:5001'));
    expect(direct()).toBe(text(endpointAt('192.0.2.10:5001')));
    expect(paths.snapshot(0, 10)).toMatchObject({ confirmedAt: null, roundTrip: null });
    expect([paths.path(0), paths.isValid(0, 10)]).toEqual([Path.relayed, false]);
    paths.giveUp(0);
    expect(changes.at(-1)).toMatchObject({ path: 'relayed', previous: null });
  });

  test('is kept while the table grows', () => {
    const { paths, confirm, direct } = bench();
    confirm(Path.lan, LAN, 100, 5);
    paths.grow(2);
    expect([paths.isValid(0, 99), paths.path(0), direct()]).toEqual([true, Path.lan, text(LAN)]);
    const encoded = new UdpEndpoint();
    paths.readEncodedEndpoint(0, encoded);
    expect([text(encoded), paths.encodedAddress(0)]).toEqual([text(ENCODED), ENCODED.addressBits]);
  });
});

test('the endpoint in an address is that of the same IPv4 address and port', () => {
  const { paths } = bench();
  const others = ['192.0.2.9:5000', '192.0.2.9:5001', '192.0.2.10:5000'].map(endpointAt);
  expect(others.map((other) => paths.isEncodedEndpoint(0, other))).toEqual([true, false, false]);
});
