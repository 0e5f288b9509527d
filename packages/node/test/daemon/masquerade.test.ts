import { once } from 'node:events';
import { formatIPv6 } from '@6bed4/codec';
import { parseUdp } from '@6bed4/nd';
import { udpPacket } from '@6bed4/testing/packets';
import { afterEach, expect, test } from 'vitest';
import { memoryNetwork, type PeerDaemon, startPeer, startRouter } from '../../src/index.js';

const HOST = '2001:db8:beef::2';
const RULES = ['udp:5000-7000=2001:db8:beef::2'];
const running: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((daemon) => daemon.close()));
});

async function nextPacket(daemon: Awaited<ReturnType<typeof startRouter>> | PeerDaemon) {
  const [packet] = (await once(daemon, 'packet')) as [Uint8Array];
  return packet;
}

test('a program that is the IPv6 side of a router takes what masquerading brings to it, and answers', async () => {
  const network = memoryNetwork();
  const datagrams = network.bind('198.51.100.1', 25790);
  const router = await startRouter({ datagrams, masquerade: RULES });
  running.push(router);
  expect(router.masquerade).toEqual(RULES);
  const routers = router.endpoint;
  const peer = await startPeer({ routers, datagrams: network.bind('198.51.100.2') });
  running.push(peer);
  const { address, prefix } = await peer.ready;
  const routerAddress = prefix.replace('/114', '');

  const taken = nextPacket(router);
  const packet = udpPacket(address, routerAddress, Uint8Array.of(1, 2));
  const before = packet.slice();
  peer.send(packet);
  const brought = await taken;
  const expected = udpPacket(address, HOST, Uint8Array.of(1, 2));
  // The way through the tunnel costs a hop.
  expected[7]!--;
  expect(brought).toEqual(expected);

  const answered = nextPacket(peer);
  router.send(udpPacket(HOST, address, Uint8Array.of(3)));
  const answer = await answered;
  const parsed = parseUdp(answer, 0, answer.length);
  if (!parsed.ok) throw new Error(parsed.error.code);
  expect(formatIPv6(parsed.value.source)).toBe(routerAddress);
  expect(parsed.value.payload).toEqual(Uint8Array.of(3));
  // Programs keep what they send.
  expect(packet).toEqual(before);
});

test('a router without rules has none', async () => {
  const router = await startRouter({ datagrams: memoryNetwork().bind('198.51.100.1', 25790) });
  running.push(router);
  expect(router.masquerade).toEqual([]);
});
