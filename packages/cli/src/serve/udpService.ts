import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { StartError } from '@6bed4/node';
import { DatagramCounter } from '../relay/datagramCounts.js';
import type { DatagramSocket, Network } from '../relay/network.js';
import { listening } from './listening.js';
import type { RunningService, ServeOptions, ServiceCounts } from './runningService.js';
import { type Service, serviceText } from './service.js';

/** Milliseconds after which a silent remote is forgotten, the default of RFC 4787 §4.3 REQ-5. */
const FLOW_TIMEOUT = 300_000;
/** Milliseconds between two searches for those. */
const SWEEP_INTERVAL = 10_000;
/** Datagrams that wait while the socket of a new remote is made. */
const MOST_WAITING = 8;
/** Bytes that may wait to be sent to the local service, for each remote. */
const LONGEST_QUEUE = 1 << 18;

/** A remote of a service, with a socket of its own, by which the service tells remotes apart. */
interface Flow {
  readonly socket: Socket;
  /** Datagrams until the socket is connected; null from then on. */
  waiting: Buffer[] | null;
  /** On the clock of `performance.now`. */
  usedAt: number;
}

/** A local UDP service that others reach at a port of the 6bed4 address. */
export class UdpService implements RunningService {
  readonly service: Service;
  readonly #options: ServeOptions;
  readonly #socket: DatagramSocket;
  readonly #flows = new Map<string, Flow>();
  readonly #counter = new DatagramCounter();
  #address = '';
  #sweep: NodeJS.Timeout | undefined;
  #isOpen = true;

  constructor(service: Service, network: Network, options: ServeOptions) {
    this.service = service;
    this.#options = options;
    this.#socket = network.createSocket('udp6');
    this.#socket.on('message', (message, from) => this.#fromRemote(message, from));
  }

  async listen(): Promise<void> {
    const { host, port } = this.service;
    const name = serviceText(this.service);
    const server = {
      listen: (at: number, listener: () => void) => this.#socket.bind(at, listener),
      on: (_: 'error', listener: (error: NodeJS.ErrnoException) => void) =>
        this.#socket.on('error', listener),
    };
    const found = await lookup(host).catch(() => null);
    if (found === null) throw new StartError('ENOTFOUND', `${name} cannot be served: no such host`);
    this.#address = found.address;
    await listening(server, port, name);
    this.#sweep = setInterval(() => this.#forgetSilent(), SWEEP_INTERVAL).unref();
  }

  counts(): ServiceCounts {
    return { service: serviceText(this.service), ...this.#counter.counts(this.#flows.size) };
  }

  close(): void {
    this.#isOpen = false;
    clearInterval(this.#sweep);
    for (const { socket } of this.#flows.values()) socket.close();
    this.#flows.clear();
    this.#socket.close();
  }

  #fromRemote(message: Buffer, { address, port }: RemoteInfo): void {
    const key = `${address}|${port}`;
    const flow = this.#flows.get(key) ?? this.#begin(key, address, port);
    flow.usedAt = performance.now();
    // In the order of their last use.
    this.#flows.delete(key);
    this.#flows.set(key, flow);
    if (flow.waiting === null) this.#toService(flow, message);
    else if (flow.waiting.length < MOST_WAITING) flow.waiting.push(message);
    else this.#counter.drop('queue');
  }

  #begin(key: string, address: string, port: number): Flow {
    // Whoever was silent for longest makes place: addresses of strangers may be forged in any number.
    if (this.#flows.size >= this.#options.limits.maxConnections) {
      this.#counter.drop('remotes');
      this.#end(this.#flows.keys().next().value!);
    }
    const socket = createSocket(isIPv6(this.#address) ? 'udp6' : 'udp4');
    const flow: Flow = { socket, waiting: [], usedAt: 0 };
    const remote = { address, port };
    this.#counter.accepted++;
    socket.on('message', (answer) => this.#toRemote(flow, answer, address, port));
    socket.on('error', ({ code = 'failed' }: NodeJS.ErrnoException) => {
      this.#counter.drop(code);
      this.#options.onConnection({ service: this.service, remote, failure: code });
      if (flow.waiting !== null) this.#end(key);
    });
    socket.once('connect', () => {
      this.#options.onConnection({ service: this.service, remote, failure: null });
      const waiting = flow.waiting ?? [];
      flow.waiting = null;
      for (const message of waiting) this.#toService(flow, message);
    });
    socket.connect(this.service.hostPort, this.#address);
    return flow;
  }

  #toService({ socket }: Flow, message: Buffer): void {
    if (socket.getSendQueueSize() > LONGEST_QUEUE) {
      this.#counter.drop('queue');
      return;
    }
    this.#counter.received++;
    socket.send(message, () => {});
  }

  #toRemote(flow: Flow, message: Buffer, address: string, port: number): void {
    if (!this.#isOpen) return;
    flow.usedAt = performance.now();
    this.#socket.send(message, port, address, (error) => {
      if (error === null || error === undefined) this.#counter.sent++;
      else this.#counter.drop((error as NodeJS.ErrnoException).code ?? 'failed');
    });
  }

  #forgetSilent(): void {
    const before = performance.now() - FLOW_TIMEOUT;
    for (const [key, { usedAt }] of this.#flows) {
      if (usedAt < before) this.#end(key);
    }
  }

  #end(key: string): void {
    const flow = this.#flows.get(key);
    this.#flows.delete(key);
    flow?.socket.close();
  }
}
