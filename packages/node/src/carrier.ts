import type { CountersSnapshot, Machine, TunnelEvent, TunnelSink } from '@6bed4/tunnel';
import { Driver } from './driver.js';
import { checkingOptions, type StartError } from './errors.js';
import { ApplicationPort } from './packet/applicationPort.js';
import type { InterfacePlan } from './packet/interfacePlan.js';
import type { PacketPort } from './packet/packetPort.js';
import { TunPort } from './packet/tunPort.js';
import type { DatagramPort, DatagramPortCounters } from './udp/datagramPort.js';

/** All counters of a daemon. */
export interface DaemonCounters extends CountersSnapshot {
  /** What happened to datagrams outside the machine. */
  readonly udp: DatagramPortCounters;
  /** Packets delivered that the interface did not take, because it was down or its queue full. */
  readonly localDrops: number;
}

/** What a {@link Carrier} is made of. */
export interface CarrierOptions<M extends Machine> {
  /** Opened already; closed with the carrier, and if it cannot be made. */
  readonly datagrams: DatagramPort;
  readonly tun: string | false;
  /** Without TUN: makes another local side than one that only hands packets over. */
  readonly localSide?: (onPacket: (packet: Uint8Array) => void) => ApplicationPort;
  readonly machine: (sink: TunnelSink, datagrams: DatagramPort) => M;
  readonly clock?: () => number;
  /** The machine tells something. */
  readonly onEvent: (event: TunnelEvent) => void;
  /** A packet for the application; only without TUN. */
  readonly onPacket: (packet: Uint8Array) => void;
  /** Something is not as it should be, but goes on. */
  readonly onWarning: (error: StartError) => void;
  /** Nothing can go on. */
  readonly onFailure: (error: StartError) => void;
}

/** A machine with its two sides: all that routers and peers have in common. */
export class Carrier<M extends Machine> {
  /** Name of the TUN interface, or null when the application is the local side. */
  readonly tun: string | null;
  readonly datagrams: DatagramPort;
  readonly #driver: Driver<M>;
  readonly #packets: PacketPort;

  private constructor(
    driver: Driver<M>,
    datagrams: DatagramPort,
    packets: PacketPort,
    tun: string | null,
  ) {
    this.#driver = driver;
    this.datagrams = datagrams;
    this.#packets = packets;
    this.tun = tun;
  }

  /**
   * Opens the local side and makes the machine; nothing flows yet.
   *
   * @throws UsageError for an option that the machine or the interface refuses
   * @throws StartError when the interface cannot be had
   */
  static async open<M extends Machine>(options: CarrierOptions<M>): Promise<Carrier<M>> {
    const { datagrams, onEvent, clock } = options;
    let packets: PacketPort | null = null;
    try {
      packets = await openLocalSide(options);
      const driver = new Driver({
        machine: (sink) => checkingOptions(() => options.machine(sink, datagrams)),
        datagrams,
        packets,
        onEvent,
        ...(clock === undefined ? {} : { clock }),
      });
      return new Carrier(driver, datagrams, packets, options.tun === false ? null : options.tun);
    } catch (error) {
      packets?.close();
      await datagrams.close();
      throw error;
    }
  }

  get machine(): M {
    return this.#driver.machine;
  }

  get counters(): DaemonCounters {
    return {
      ...this.machine.counters.snapshot(),
      udp: this.datagrams.counters,
      localDrops: this.#packets.dropped,
    };
  }

  /** Begins to carry packets. */
  start(): void {
    this.#driver.start();
  }

  /** Calls the machine when it is free; tells what came of it, if that is at once. */
  command<T>(action: (machine: M, now: number) => T): T | undefined {
    return this.#driver.command(action);
  }

  /** Whether a command would have to wait. */
  get isBusy(): boolean {
    return this.#driver.isBusy;
  }

  /** Keeps the process alive, as at first. */
  ref(): void {
    this.#driver.ref();
    this.datagrams.ref?.();
  }

  /** Lets the process end. */
  unref(): void {
    this.#driver.unref();
    this.datagrams.unref?.();
  }

  /** Gives the local side its addresses and routes. @throws StartError */
  configure(plan: InterfacePlan): void {
    this.#packets.configure(plan);
  }

  /**
   * Sends a packet of the application into the tunnel.
   *
   * @throws TypeError for anything but bytes
   * @throws Error when there is a TUN interface, which is where packets come from then
   */
  send(packet: Uint8Array): void {
    if (!(packet instanceof Uint8Array)) {
      throw new TypeError(`packet: found ${typeof packet}, expected a Uint8Array`);
    }
    if (!(this.#packets instanceof ApplicationPort)) {
      throw new Error(`packets are taken from the interface ${this.tun}, not from the application`);
    }
    this.#packets.send(packet);
  }

  /** Ends everything. */
  close(): Promise<void> {
    return this.#driver.close();
  }
}

function openLocalSide(options: Omit<CarrierOptions<Machine>, 'machine'>): Promise<PacketPort> {
  const { tun, localSide, onPacket, onWarning, onFailure } = options;
  if (tun === false) {
    return Promise.resolve(localSide?.(onPacket) ?? new ApplicationPort(onPacket));
  }
  return TunPort.open(tun, { warning: onWarning, gone: onFailure });
}
