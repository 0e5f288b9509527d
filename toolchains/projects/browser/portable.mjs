// A peer gets its address from a router, both in memory, and one TCP stack connects to another: without anything that
// only Node.js has. The result is what a page would show.
import { formatIPv6, InvalidArgumentError, parseIPv4, parseIPv6 } from '@6bed4/codec';
import { TcpStack } from '@6bed4/tcp';
import { Peer, Router } from '@6bed4/tunnel';
import { copies } from './required.cjs';

const ROUTER = { address: parseIPv4('198.51.100.1'), port: 25790 };
const PEER = { address: parseIPv4('203.0.113.5'), port: 40_000 };
const random = () => 0.5;
const lines = [];

const datagrams = [];
const sinkTo = (receiver, { address, port }) => ({
  sendDatagram: (bytes, offset, length) => {
    const copy = bytes.slice(offset, offset + length);
    datagrams.push(() => receiver().handleDatagram(copy, 0, length, address, port, 0));
  },
  deliverPacket: () => {},
  event: ({ type, address }) => type === 'address-acquired' && lines.push(address),
});
const router = new Router(
  { address: '198.51.100.1', random },
  sinkTo(() => peer, ROUTER),
);
const peer = new Peer(
  { routers: ['198.51.100.1'], random },
  sinkTo(() => router, PEER),
);
peer.start(0);
while (datagrams.length > 0) datagrams.shift()();

const packets = [];
const sinkOf = (other) => ({
  sendPacket: (bytes, offset, length) =>
    packets.push([other(), bytes.slice(offset, offset + length)]),
  event: ({ remote }, event) =>
    event === 'open' && lines.push(`open to ${formatIPv6(remote.address)}`),
  accepted: () => {},
});
const server = new TcpStack(
  { random },
  sinkOf(() => client),
);
const client = new TcpStack(
  { random },
  sinkOf(() => server),
);
server.listen(null, 80);
client.connect(
  { address: parseIPv6('2001:db8::1'), port: 50_000 },
  { address: parseIPv6('2001:db8::2'), port: 80 },
  0,
);
while (packets.length > 0) {
  const [to, packet] = packets.shift();
  to.handlePacket(packet, 0, packet.length, 0);
}

globalThis.shown = `${lines.join(', ')}, ${copies(InvalidArgumentError)} copy`;
