import { EventEmitter } from 'node:events';
import type { Endpoint } from '@6bed4/codec';
import type { TunnelEvent } from '@6bed4/tunnel';
import type { DaemonCounters, Driver, DriverListener } from '../drivers/driver.js';
import type { DriverReport } from '../drivers/driverReport.js';
import type { InterfaceReport } from '../drivers/interfaceReport.js';
import { InboundFilter } from '../drivers/tun/inboundFilter.js';
import type { InboundPolicy } from '../drivers/tun/inboundPolicy.js';
import { StartError } from '../errors.js';
import { chooseInbound } from './options.js';

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

  /** Ends the daemon and gives everything back. May be called again. */
  close(): Promise<void> {
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
   * @internal Sets the rules for what may reach this computer, before its interface has an address.
   *
   * @throws StartError when that is not possible; then the driver is closed
   */
  protected async filterInbound(policy: InboundPolicy): Promise<void> {
    const { tun } = this;
    if (tun === null) return;
    try {
      this.#filter = await InboundFilter.open(tun, policy);
      this.#inbound = policy;
    } catch (error) {
      await this.running.close();
      throw error;
    }
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
    if (policy === 'open') {
      await this.#filter?.close();
      this.#filter = null;
    } else this.#filter = await InboundFilter.open(tun, policy);
    this.#inbound = policy;
  }

  /** @internal Ends whatever there is to end. */
  protected async end(): Promise<void> {
    await this.running.close();
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
