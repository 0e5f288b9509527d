import { EventEmitter } from 'node:events';
import { networkInterfaces } from 'node:os';
import { type Endpoint, parseIPv4 } from '@6bed4/codec';
import type { TunnelEvent } from '@6bed4/tunnel';
import {
  alreadyCapturing,
  Capture,
  type CaptureOptions,
  type CaptureOutput,
  HIGHEST_SNAP_LENGTH,
  interfaceNumbers,
} from '../capture/capture.js';
import type { DaemonCounters, Driver, DriverListener } from '../drivers/driver.js';
import type { DriverReport } from '../drivers/driverReport.js';
import type { InterfaceReport } from '../drivers/interfaceReport.js';
import { systemTtl } from '../drivers/portable/socketOptions.js';
import { InboundFilter } from '../drivers/tun/inboundFilter.js';
import type { InboundPolicy } from '../drivers/tun/inboundPolicy.js';
import { StartError } from '../errors.js';
import { chooseInbound } from './options.js';

const ANY_ADDRESS = '0.0.0.0';

/** Events that every {@link Daemon} has. */
export interface DaemonEvents {
  /** A packet for this program as the local side; only without TUN. */
  packet: [packet: Uint8Array];
  /** Something is not as it should be, but the daemon goes on. */
  warning: [error: StartError];
  /** Something of the interface that was missing is in place, or the other way round. */
  interface: [report: InterfaceReport];
  /** The daemon cannot go on and has closed. */
  error: [error: StartError];
  /** All resources were released. */
  close: [];
}

/** All that a running router and a running peer have in common. */
export abstract class Daemon<
  Events extends Record<keyof Events, unknown[]>,
> extends EventEmitter<Events> {
  #closing: Promise<void> | null = null;
  #inbound: InboundPolicy | null = null;
  #filter: InboundFilter | null = null;
  /** Ends when the rules that a killed daemon has left are gone. */
  #clearing: Promise<unknown> = Promise.resolve();
  #capture: Capture | null = null;
  /** @internal The clock of its times, in milliseconds. */
  protected readonly clock: () => number;

  /** @internal */
  constructor(clock: () => number) {
    super();
    this.clock = clock;
  }

  /** Name of its TUN interface, or null. */
  get tun(): string | null {
    return this.running.tun;
  }

  /** How its interface is, compared with what it has to be; null without one. */
  interfaceReport(): InterfaceReport | null {
    // Changes come also before the driver is complete.
    return (this.running as Driver | null)?.interfaceReport ?? null;
  }

  /** What may reach the services of this computer through its interface; null without one. */
  get inbound(): InboundPolicy | null {
    return this.#inbound;
  }

  /** Address and port that the UDP socket is bound to. */
  get endpoint(): Endpoint {
    return this.running.endpoint;
  }

  /** The counters of what passed and of what was dropped, by reason. */
  counters(): DaemonCounters {
    return this.running.counters;
  }

  /** The driver that carries the packets, what the kernel does for it, and how many go at a time. */
  driver(): DriverReport {
    return this.running.report;
  }

  /**
   * Sends an IPv6 packet of this program into the tunnel; only without TUN.
   *
   * @param packet - the whole packet; may be used again when this returns
   */
  send(packet: Uint8Array): void {
    this.running.send(packet);
  }

  /**
   * Captures packets from now on, as pcapng (draft-ietf-opsawg-pcapng).
   *
   * @param output - a stream of Node.js; one that takes no bytes loses packets
   * @param onEnd - is called when the capture has ended and everything is written
   * @throws StartError `EBUSY` when there is a capture already, `ECANCELED` after the end of the daemon
   */
  async capture(
    output: CaptureOutput,
    options: CaptureOptions = {},
    onEnd: () => void = () => {},
  ): Promise<Capture> {
    const address = await this.localAddress();
    if (this.isClosing) throw new StartError('ECANCELED', 'the daemon is closed');
    if (this.#capture !== null) throw alreadyCapturing();
    const driver = this.running;
    const rings = driver.tap({
      ...interfaceNumbers(options),
      snapLength: options.snapLength ?? HIGHEST_SNAP_LENGTH,
      localAddress: parseIPv4(address) | 0,
      localPort: this.endpoint.port,
      ttl: systemTtl(),
      epoch: Date.now() - this.clock(),
    });
    const stop = (): void => {
      this.#capture = null;
      driver.tap(null);
    };
    this.#capture = new Capture({ options, tun: this.tun, output, rings, stop, onEnd });
    return this.#capture;
  }

  /** Ends the daemon and gives everything back. May be called again. */
  close(): Promise<void> {
    this.#capture?.close();
    this.#closing ??= this.end().then(() => {
      this.#common.emit('close');
    });
    return this.#closing;
  }

  /** Closes at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal The driver, once there is one. */
  protected abstract get running(): Driver;

  /** @internal Whether {@link close} was called. */
  protected get isClosing(): boolean {
    return this.#closing !== null;
  }

  /**
   * @internal Sets the rules for what may reach this computer, before its interface has an address. What a killed
   * daemon has left is removed meanwhile, where there are to be none.
   *
   * @throws StartError when that is not possible; then the driver is closed
   */
  protected async filterInbound(policy: InboundPolicy): Promise<void> {
    const { tun } = this;
    if (tun === null) return;
    const opening = InboundFilter.open(tun, policy);
    this.#inbound = policy;
    if (policy === 'open') {
      this.#clearing = opening;
      return;
    }
    try {
      this.#filter = await opening;
    } catch (error) {
      await this.running.close();
      throw error;
    }
  }

  /** @internal The IPv4 address of this computer from which datagrams are sent, as far as one can say. */
  protected localAddress(): Promise<string> {
    const { address } = this.endpoint;
    if (address !== ANY_ADDRESS) return Promise.resolve(address);
    const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
    const one = all.find(({ family, internal }) => family === 'IPv4' && !internal);
    return Promise.resolve(one?.address ?? address);
  }

  /**
   * Sets what may reach the services of this computer through its interface from now on. The filter that is there
   * stays until the new one is.
   *
   * @throws InvalidArgumentError for what is no policy, or one that there is no interface for
   * @throws StartError when it cannot be set; nothing is changed then
   */
  async setInbound(inbound: InboundPolicy | string): Promise<void> {
    const { tun } = this;
    const policy = chooseInbound({ inbound, tun: tun ?? false });
    if (tun === null) return;
    await this.#clearing;
    if (policy === 'open') {
      await this.#filter?.close();
      this.#filter = null;
    } else this.#filter = await InboundFilter.open(tun, policy);
    this.#inbound = policy;
  }

  /** @internal Ends whatever there is to end. */
  protected async end(): Promise<void> {
    await this.running.close();
    await this.#clearing;
    try {
      await this.#filter?.close();
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      this.warn(error);
    }
  }

  /** @internal */
  protected warn(error: StartError): void {
    this.#common.emit('warning', error);
  }

  /** @internal */
  protected interfaceChanged(): void {
    const report = this.isClosing ? null : this.interfaceReport();
    if (report !== null) this.#common.emit('interface', report);
  }

  /** @internal Listener for the driver, whichever it is. */
  protected listener(
    onEvent: (event: TunnelEvent) => void,
  ): DriverListener & { readonly onPacket: (packet: Uint8Array) => void } {
    return {
      onEvent,
      onPacket: (packet) => this.#common.emit('packet', packet),
      onWarning: (error) => this.warn(error),
      onInterface: () => this.interfaceChanged(),
      onFailure: (error) => void this.close().then(() => this.#common.emit('error', error)),
    };
  }

  /** The events of every subclass include these, which its type parameter does not show. */
  get #common(): EventEmitter<DaemonEvents> {
    return this as unknown as EventEmitter<DaemonEvents>;
  }
}
