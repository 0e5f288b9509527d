import { once } from 'node:events';
import { parseIPv6 } from '@6bed4/codec';
import { buildIcmpError } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import type { Tunnel } from '../../src/index.js';
import type { TunnelLab } from '../support/datagramPlaces.js';
import { rawTcp } from './support/rawTcp.js';
import { newLab } from './support/tcpLab.js';

const ROUTER = '198.51.100.1:25790';
/** Milliseconds after which TCP gives an attempt up, and a second. */
const LONG = 121_000;

/** Somebody who answers each packet with a Destination Unreachable. */
async function unreachable(lab: TunnelLab, tunnel: Tunnel, code: number): Promise<string> {
  const { raw, from } = await rawTcp(lab);
  raw.removeAllListeners('packet');
  raw.on('packet', (invoking) => {
    const about = { source: from, destination: parseIPv6(tunnel.address!), invoking };
    raw.send(buildIcmpError({ type: 'destination-unreachable', code, ...about } as never));
  });
  return raw.address!;
}

describe('connecting says what was tried and over which path', () => {
  test('when nobody answers', async () => {
    const lab = await newLab();
    let skipped = 0;
    const tunnel = await lab.open({ clock: () => performance.now() + skipped });
    const { raw } = await rawTcp(lab);
    raw.removeAllListeners('packet');
    const attempted = once(raw, 'packet');
    const failed = once(tunnel.connect(80, raw.address!), 'error');
    await attempted;
    skipped = LONG;
    const [error] = await failed;
    expect(error).toMatchObject({
      ...{ code: 'ETIMEDOUT', syscall: 'connect', errno: -110 },
      ...{ address: raw.address, port: 80, path: expect.any(String), router: ROUTER },
    });
    expect(error.message).toMatch(
      new RegExp(`^connect ETIMEDOUT \\S+:80 - tried (through router ${ROUTER}|by the \\w+ path)`),
    );
  });

  test.each([
    ['ENETUNREACH', 0, -101],
    ['EHOSTUNREACH', 3, -113],
  ])('when somebody reports %s', async (code, icmp, errno) => {
    const lab = await newLab();
    const tunnel = await lab.open();
    const address = await unreachable(lab, tunnel, icmp);
    const [error] = await once(tunnel.connect(80, address), 'error');
    expect(error).toMatchObject({ code, errno, syscall: 'connect', address, port: 80 });
    expect(error).toMatchObject({ path: expect.any(String), router: ROUTER });
    expect(error.message).toContain(`connect ${code} ${address}:80 - tried `);
  });

  test('when all addresses of a name fail, with one error for each', async () => {
    const lab = await newLab();
    const tunnel = await lab.open();
    const addresses = [await unreachable(lab, tunnel, 0), await unreachable(lab, tunnel, 3)];
    const lookup = ((_host: string, _options: object, callback: (...args: unknown[]) => void) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: 6 })),
      )) as never;
    const socket = tunnel.connect({ port: 80, host: 'example.org', lookup });
    const attempts: string[] = [];
    socket.on('connectionAttemptFailed', (address, _port, _family, error) =>
      attempts.push(`${addresses.indexOf(address)} ${error.code}`),
    );
    const [error] = await once(socket, 'error');
    expect(attempts).toEqual(['0 ENETUNREACH', '1 EHOSTUNREACH']);
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.code).toBe('ENETUNREACH');
    expect(error.errors.map((one: { address: string }) => one.address)).toEqual(addresses);
  });

  test('when the tunnel has no address yet', async () => {
    const lab = await newLab();
    const nowhere = { address: '192.0.2.99', port: 25790 };
    const tunnel = await lab.open({ routers: nowhere as never, waitForAddress: false });
    const [error] = await once(tunnel.connect(80, '2001:db8::1'), 'error');
    expect(error).toMatchObject({ code: 'ENETUNREACH', syscall: 'connect' });
    expect(error.message).toContain('no router has assigned an address');
  });
});
