import { encodeAddress, parseIPv4, UdpEndpoint } from '@6bed4/codec';
import { datagramMessage, type Hello, offeredSubprotocols, parseHello } from '@6bed4/gateway';
import { udpPacket } from '@6bed4/testing/packets';
import { DatagramPool } from '../../src/datagram/datagram.js';
import { GatewayNode } from '../../src/gateway/gatewayNode.js';
import type { GatewaySettings } from '../../src/gateway/gatewaySettings.js';
import { WebConnection } from '../../src/gateway/webConnection.js';
import { WebPath } from '../../src/gateway/webPath.js';
import type { WebPathOptions } from '../../src/gateway/webPathOptions.js';
import { Host } from '../../src/host/host.js';
import { AddressPool } from '../../src/network/addressPool.js';
import { Network } from '../../src/network/network.js';
import { Random } from '../../src/time/random.js';
import { Scheduler } from '../../src/time/scheduler.js';
import { World } from '../../src/world/world.js';

const ROUTER = '198.51.100.1:25790';
const GATEWAY = '203.0.113.5';

/** A gateway, a node on the Internet, and clients that do as they like. */
export class GatewayLab {
  readonly world = new World(new Scheduler(), new DatagramPool(), new Random(1), null);
  readonly gateway: GatewayNode;
  /** Bytes of the datagrams that the node on the Internet got, by port. */
  readonly got = new Map<number, number[]>();
  readonly node: Host;

  constructor(settings: GatewaySettings = {}) {
    const network = new Network(this.world, {
      ...{ name: 'core', hops: 0, multicast: false, gateway: null },
      addresses: new AddressPool('198.18.0.0/15'),
    });
    const place = (address: string) => ({ network, address: parseIPv4(address) | 0, link: {} });
    this.gateway = new GatewayNode(
      this.world,
      'g',
      { routers: [ROUTER], ...settings },
      place(GATEWAY),
    );
    this.node = new Host(this.world, 'node', place('192.0.2.7'));
  }

  /** Opens a UDP port of the node on the Internet. */
  listen(port: number): void {
    const lengths: number[] = [];
    this.got.set(port, lengths);
    this.node.bind(port, { datagramArrived: (_bytes, length) => lengths.push(length) });
  }

  client(token: string | null = null, resume: string | null = null, path: WebPathOptions = {}) {
    return new RawClient(this, token, resume, path);
  }

  run(milliseconds: number): void {
    this.world.scheduler.runUntil(this.world.scheduler.now + milliseconds);
  }
}

/** A client of a gateway that sends what it is told to. */
export class RawClient {
  readonly path: WebPath;
  readonly connection: WebConnection;
  hello: Hello | null = null;
  readonly messages: Uint8Array[] = [];
  end: { readonly code: number; readonly reason: string } | null = null;

  constructor(
    lab: GatewayLab,
    token: string | null,
    resume: string | null,
    options: WebPathOptions,
  ) {
    this.path = new WebPath(options);
    const run = (action: () => void): void => action();
    const offered = offeredSubprotocols({ token, resume });
    const random = new Random(2);
    this.connection = new WebConnection(
      ...([lab.world, this.path, random, run, offered, lab.gateway] as const),
    );
    this.connection.onmessage = ({ data }: { data: string | ArrayBuffer }) => {
      if (typeof data === 'string') this.hello = parseHello(data);
      else this.messages.push(new Uint8Array(data));
    };
    this.connection.onclose = (event: { code: number; reason: string }) => {
      this.end = event;
    };
  }

  /** Sends a packet with so many bytes of payload from an endpoint, its own by default, to another. */
  send(to: string, length = 8, from = this.own, address = to): void {
    const packet = udpPacket(addressOf(from), addressOf(address), new Uint8Array(length));
    this.sendBytes(packet, to);
  }

  sendBytes(bytes: Uint8Array, to: string): void {
    this.connection.send(datagramMessage(bytes, 0, bytes.length, endpointOf(to)));
  }

  get own(): string {
    const { address, port } = this.hello!.endpoint;
    return `${address}:${port}`;
  }
}

/** The 6bed4 address of an endpoint. */
function addressOf(peer: string): string {
  return encodeAddress({ prefix: 'fc64:bed:c633:6401::/64', peer, lanip: 1 });
}

function endpointOf(text: string): UdpEndpoint {
  const [address = '', port] = text.split(':');
  return new UdpEndpoint(parseIPv4(address), Number(port));
}
