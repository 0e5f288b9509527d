import { parseIPv6 } from '@6bed4/codec';
import { TcpStack } from '@6bed4/tcp';
import { onTestFinished } from 'vitest';
import { type PeerDaemon, startPeer } from '../../../src/index.js';
import type { TunnelLab } from '../../support/datagramPlaces.js';

/** The last byte of the next address; tunnels have low ones. */
let nextHost = 77;

/**
 * A peer whose TCP can be tampered with.
 *
 * @param outgoing - makes others of the packets that it sends
 */
export async function rawTcp(
  lab: TunnelLab,
  outgoing: (packet: Uint8Array) => readonly Uint8Array[] = (packet) => [packet],
): Promise<{ raw: PeerDaemon; stack: TcpStack; from: Uint8Array }> {
  const datagrams = lab.network.bind(`203.0.113.${nextHost++}`);
  const raw = await startPeer({ routers: lab.router.endpoint, datagrams });
  onTestFinished(() => raw.close());
  await raw.ready;
  const stack = new TcpStack(
    { random: Math.random },
    {
      sendPacket: (bytes, offset, length) => {
        for (const packet of outgoing(bytes.slice(offset, offset + length))) raw.send(packet);
      },
      event: () => {},
      accepted: () => {},
    },
  );
  raw.on('packet', (packet) => stack.handlePacket(packet, 0, packet.length, performance.now()));
  return { raw, stack, from: parseIPv6(raw.address!) };
}
