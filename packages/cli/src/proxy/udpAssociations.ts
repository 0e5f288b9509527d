import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6, type Socket } from 'node:net';
import { DatagramCounter, type DatagramCounts } from '../relay/datagramCounts.js';
import type { DatagramSocket } from '../relay/network.js';
import { DestinationError, faultOf } from './destination.js';
import type { Target } from './dialer.js';
import type { ProxyContext } from './proxyContext.js';
import { datagramBytes, readDatagram, type SocksDatagram } from './socksMessages.js';

/** Associations of a proxy at the same time. */
const MOST_ASSOCIATIONS = 256;
/** Remotes of an association that may answer; the one longest unused makes place. */
const MOST_REMOTES = 1_024;
/** Names of an association that are being resolved at the same time. */
const MOST_LOOKUPS = 32;
/** Bytes that may wait to be sent to a client. */
const LONGEST_QUEUE = 1 << 20;

/** The UDP associations of a SOCKS proxy (RFC 1928 §7). */
export class UdpAssociations {
  readonly #context: ProxyContext;
  readonly #open = new Set<UdpAssociation>();
  readonly #counter = new DatagramCounter();

  constructor(context: ProxyContext) {
    this.#context = context;
  }

  /**
   * Opens an association for a client, which lasts as long as its connection.
   *
   * @param port - from which the client will send; 0 when it does not know, for that of its first datagram
   * @returns where the client has to send to
   * @throws DestinationError when there are too many
   */
  async open(client: Socket, port: number): Promise<{ address: string; port: number }> {
    if (this.#open.size >= MOST_ASSOCIATIONS) {
      throw new DestinationError('failed', `${MOST_ASSOCIATIONS} associations are open already`);
    }
    const association = new UdpAssociation(client, port, this.#context, this.#counter);
    this.#open.add(association);
    this.#counter.accepted++;
    client.once('close', () => {
      this.#open.delete(association);
      association.close();
    });
    return association.listen();
  }

  counts(): DatagramCounts {
    return this.#counter.counts(this.#open.size);
  }
}

/** The datagrams of one client. */
class UdpAssociation {
  readonly #client: Socket;
  readonly #context: ProxyContext;
  readonly #counter: DatagramCounter;
  readonly #side: UdpSocket;
  readonly #remotes = new Set<string>();
  #clientPort: number;
  #tunnel: DatagramSocket | null = null;
  #system: DatagramSocket | null = null;
  #lookups = 0;
  #isOpen = true;

  constructor(client: Socket, port: number, context: ProxyContext, counter: DatagramCounter) {
    this.#client = client;
    this.#clientPort = port;
    this.#context = context;
    this.#counter = counter;
    this.#side = createSocket(isIPv6(client.localAddress ?? '') ? 'udp6' : 'udp4');
    this.#side.on('message', (message, from) => this.#fromClient(message, from));
    this.#side.on('error', () => {});
  }

  /** Listens where the client has connected to. */
  async listen(): Promise<{ address: string; port: number }> {
    this.#side.bind(0, this.#client.localAddress);
    await once(this.#side, 'listening');
    this.#client.setTimeout(this.#context.limits.idleTimeout, () => this.#client.destroy());
    const { address, port } = this.#side.address();
    return { address, port };
  }

  close(): void {
    this.#isOpen = false;
    for (const socket of [this.#side, this.#tunnel, this.#system]) socket?.close();
  }

  #fromClient(message: Buffer, { address, port }: RemoteInfo): void {
    const datagram = this.#isClient(address, port) ? readDatagram(message) : 'not-the-client';
    if (typeof datagram === 'string') {
      this.#counter.drop(datagram);
      return;
    }
    this.#clientPort = port;
    // Its own timer only knows of the connection.
    this.#client.setTimeout(this.#context.limits.idleTimeout);
    void this.#forward(datagram);
  }

  /** "It MUST drop any datagrams arriving from any source IP address other than the one recorded" (§7). */
  #isClient(address: string, port: number): boolean {
    const isPort = this.#clientPort === 0 || port === this.#clientPort;
    return isPort && address === this.#client.remoteAddress;
  }

  async #forward({ host, port, data }: SocksDatagram): Promise<void> {
    if (this.#lookups >= MOST_LOOKUPS || port === 0) {
      this.#counter.drop(port === 0 ? 'prohibited' : 'lookups');
      return;
    }
    this.#lookups++;
    try {
      const [target] = await this.#context.dialer.targets(host);
      if (this.#isOpen) this.#send(target!, port, data);
    } catch (error) {
      this.#counter.drop(faultOf(error));
    } finally {
      this.#lookups--;
    }
  }

  #send({ address, family }: Target, port: number, data: Buffer): void {
    this.#remotes.delete(address);
    this.#remotes.add(address);
    if (this.#remotes.size > MOST_REMOTES) {
      this.#remotes.delete(this.#remotes.values().next().value!);
    }
    const socket = family === 6 ? this.#tunnelSocket() : this.#systemSocket();
    socket.send(data, port, address, (error) => {
      if (error === null || error === undefined) this.#counter.received++;
      else this.#counter.drop((error as NodeJS.ErrnoException).code ?? 'failed');
    });
  }

  #tunnelSocket(): DatagramSocket {
    this.#tunnel ??= this.#listening(this.#context.network.createSocket('udp6'));
    return this.#tunnel;
  }

  #systemSocket(): DatagramSocket {
    this.#system ??= this.#listening(createSocket('udp4'));
    return this.#system;
  }

  #listening(socket: DatagramSocket): DatagramSocket {
    socket.on('message', (message, { address, port }) => this.#toClient(message, address, port));
    socket.on('error', () => {});
    return socket;
  }

  #toClient(message: Buffer, address: string, port: number): void {
    // Strangers have nothing to say to the client.
    const isWelcome = this.#remotes.has(address);
    if (!isWelcome || this.#side.getSendQueueSize() > LONGEST_QUEUE) {
      this.#counter.drop(isWelcome ? 'queue' : 'stranger');
      return;
    }
    this.#client.setTimeout(this.#context.limits.idleTimeout);
    this.#counter.sent++;
    const bytes = datagramBytes(address, port, message);
    this.#side.send(bytes, this.#clientPort, this.#client.remoteAddress, () => {});
  }
}
