import { Peer } from '@6bed4/tunnel';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { localSubnets } from '../../src/drivers/udp/localSubnets.js';
import { memoryNetwork, type PeerDaemonOptions, PortableUdp, startPeer } from '../../src/index.js';

vi.mock('../../src/realTimers.js', () => import('../support/globalTimers.js'));

vi.mock(import('../../src/drivers/udp/localSubnets.js'), () => ({ localSubnets: vi.fn() }));

const looks = vi.mocked(localSubnets);
const told = vi.spyOn(Peer.prototype, 'setLocalSubnets');

const start = (options: Partial<PeerDaemonOptions> = {}) =>
  startPeer({
    ...{ routers: '127.0.0.1', listen: '127.0.0.1', peering: { lanSearch: true } },
    ...options,
  });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  looks.mockReset().mockReturnValue(['192.168.1.7/24']);
  told.mockClear();
});
afterEach(() => {
  vi.useRealTimers();
});

test('a peer is told the local subnets when it starts, and when they have changed', async () => {
  const peer = await start();
  expect(told.mock.calls).toEqual([[['192.168.1.7/24']]]);
  vi.advanceTimersByTime(10_000);
  expect(looks).toHaveBeenCalledTimes(2);
  expect(told).toHaveBeenCalledTimes(1);
  looks.mockReturnValue(['10.0.0.7/8', '192.168.1.7/24']);
  vi.advanceTimersByTime(9_999);
  expect(told).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1);
  expect(told.mock.calls.at(-1)).toEqual([['10.0.0.7/8', '192.168.1.7/24']]);
  looks.mockReturnValue([]);
  vi.advanceTimersByTime(10_000);
  expect(told.mock.calls.at(-1)).toEqual([[]]);
  await peer.close();
  looks.mockClear();
  vi.advanceTimersByTime(60_000);
  expect(looks).not.toHaveBeenCalled();
});

test('a peer that does not search the local network is told nothing', async () => {
  for (const peering of [{}, { lanSearch: true, lanTtl: 0 }, { lanSearch: false }]) {
    const peer = await start({ peering });
    vi.advanceTimersByTime(20_000);
    await peer.close();
  }
  expect(looks).not.toHaveBeenCalled();
});

test('a peer on another network than that of the system is told nothing', async () => {
  const network = memoryNetwork();
  const peer = await start({ datagrams: network.bind('198.51.100.2') });
  await peer.close();
  expect(looks).not.toHaveBeenCalled();
});

test('a peer on a UDP socket that was given is told the local subnets', async () => {
  const datagrams = await PortableUdp.open({ address: '127.0.0.1', port: 0, even: false });
  const peer = await start({ datagrams });
  expect(told).toHaveBeenCalledTimes(1);
  await peer.close();
});
