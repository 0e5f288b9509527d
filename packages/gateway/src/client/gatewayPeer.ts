import { type Profile, reference2020 } from '@6bed4/codec';
import { MachineRunner, Peer, type PeerOptions, type TunnelEvent } from '@6bed4/tunnel';
import type { Hello } from '../wire/hello.js';
import { GatewayClient } from './gatewayClient.js';
import type { GatewayClientCounters, GatewayFailure } from './gatewayClientOptions.js';
import type { WebSocketLike } from './webSocketLike.js';

/** What a {@link GatewayPeer} needs of its platform; `globalThis` of a page or a worker has it all. */
export interface WebPlatform {
  readonly WebSocket: new (url: string, protocols: string[]) => WebSocketLike;
  readonly performance: {
    /** Milliseconds that never go back. */
    now(): number;
  };
  readonly crypto: {
    /** Fills an array with numbers that nobody can predict. */
    getRandomValues(array: ReturnType<Uint32Array['slice']>): unknown;
  };
  /** Calls a function after some milliseconds. @returns what {@link clearTimeout} takes */
  setTimeout(action: () => void, milliseconds: number): unknown;
  /** Cancels a timer of {@link setTimeout}. */
  // biome-ignore lint/suspicious/noExplicitAny: platforms differ in what a timer is
  clearTimeout(timer: any): void;
}

/** Options of {@link openGatewayPeer}. */
export interface GatewayPeerOptions {
  /** The gateway, `wss://…`; or several, tried one after the other. */
  readonly gateway: string | readonly string[];
  /** Lets the peer use it. */
  readonly token?: string | undefined;
  /** Usually `globalThis`. */
  readonly platform: WebPlatform;
  /** Constants of the deployment; default `reference2020`. */
  readonly profile?: Profile | undefined;
  /** The peer's own number under its prefix; default 1. */
  readonly lanip?: number | undefined;
  readonly peering?: PeerOptions['peering'];
  /** Takes an IPv6 packet; the program may keep it. */
  readonly packet: (packet: Uint8Array) => void;
  /** Takes what the peer reports: `address-acquired`, `path-changed` and others. */
  readonly event?: ((event: TunnelEvent) => void) | undefined;
  /** There is a connection. */
  readonly opened?: ((hello: Hello) => void) | undefined;
  /** There is none any more, or it could not be had. */
  readonly closed?: ((failure: GatewayFailure) => void) | undefined;
}

/** A running peer; made by {@link openGatewayPeer}. */
export interface GatewayPeer {
  /** Sends an IPv6 packet; it may be used again when this returns. */
  send(packet: Uint8Array): void;
  /** Calls the machine, at once or when it has finished what it does. */
  command<T>(action: (peer: Peer, now: number) => T): T | undefined;
  /** Tests the connection: to be called when the network changed, as by the event `online` of a page. */
  networkChanged(): void;
  readonly counters: GatewayClientCounters;
  /** Ends the peer and its connection. */
  close(): void;
}

const RANDOM_RANGE = 2 ** 32;

/**
 * Runs a peer that has nothing but WebSockets, in a page for example. The gateway says which routers to ask for an
 * address.
 *
 * @throws InvalidArgumentError for options that cannot be used
 *
 * @example
 * ```ts
 * const peer = openGatewayPeer({
 *   gateway: 'wss://router.example/6bed4',
 *   platform: globalThis,
 *   packet: (packet) => console.log(packet.length),
 *   event: (event) => console.log(event.type),
 * });
 * ```
 */
export function openGatewayPeer(options: GatewayPeerOptions): GatewayPeer {
  const { platform, profile = reference2020, lanip, peering } = options;
  const word = new Uint32Array(1);
  const random = (): number => {
    platform.crypto.getRandomValues(word);
    return word[0]! / RANDOM_RANGE;
  };
  const now = (): number => platform.performance.now();
  const setTimer = (milliseconds: number, action: () => void): (() => void) => {
    const timer = platform.setTimeout(action, Math.ceil(milliseconds));
    return () => platform.clearTimeout(timer);
  };
  let cancel: () => void = () => {};
  const packets: Uint8Array[] = [];
  const client = new GatewayClient(
    {
      urls: typeof options.gateway === 'string' ? [options.gateway] : options.gateway,
      token: options.token,
    },
    {
      ...{ now, random, setTimer },
      connect: (url, protocols) => new platform.WebSocket(url, protocols),
      datagram(bytes, offset, length, { address, port }) {
        runner.handleDatagram(bytes, offset, length, address, port);
      },
      opened(hello) {
        runner.command((peer, at) => {
          peer.setRouters(hello.routers, at);
          peer.solicit(at);
        });
        options.opened?.(hello);
      },
      closed: (failure) => options.closed?.(failure),
    },
  );
  const runner = new MachineRunner(
    // No way over the gateway leads to the local network.
    (sink) =>
      new Peer(
        { profile, lanip, random, routers: [], peering: { lanSearch: false, ...peering } },
        sink,
      ),
    {
      now,
      setTimer(at) {
        cancel();
        cancel = setTimer(Math.min(Math.max(0, at - now()), 2 ** 31 - 1), () =>
          runner.handleTimeout(),
        );
      },
      sendDatagram(bytes, offset, length, to, _tos, ttl) {
        // What is to end on the way opens NATs, of which there are none here.
        if (ttl === 0) client.send(bytes, offset, length, to);
      },
      deliverPacket: (bytes, offset, length) => packets.push(bytes.slice(offset, offset + length)),
      flush() {
        for (const packet of packets.splice(0)) options.packet(packet);
      },
      eventHappened: (event) => options.event?.(event),
    },
  );
  runner.resume();
  runner.command((peer, at) => peer.start(at));
  client.open();
  return {
    send(packet) {
      const copy = Uint8Array.from(packet);
      runner.handlePacket(copy, 0, copy.length);
    },
    command: (action) => runner.command(action),
    networkChanged: () => client.networkChanged(),
    get counters() {
      return client.counters;
    },
    close() {
      runner.close();
      cancel();
      client.close();
    },
  };
}
