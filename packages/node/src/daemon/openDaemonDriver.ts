import type { Profile } from '@6bed4/codec';
import type { Machine } from '@6bed4/tunnel';
import type { DriverListener } from '../drivers/driver.js';
import { BatchedUdp } from '../drivers/linux/batchedUdp.js';
import { endEarlyThread } from '../drivers/linux/earlyThread.js';
import type { LinuxDriverOptions } from '../drivers/linux/linuxDriver.js';
import { LinuxUdp } from '../drivers/linux/linuxUdp.js';
import { usesUdp } from '../drivers/linux/offloads.js';
import type { PortableDriverOptions } from '../drivers/portable/portableDriver.js';
import { PortableUdp } from '../drivers/portable/portableUdp.js';
import type { DatagramPort } from '../drivers/ports/datagramPort.js';
import { bindError } from '../drivers/udp/bindError.js';
import type { Environment } from '../environment/environment.js';
import { chooseDriver, type DriverChoice } from './chooseDriver.js';
import type { CommonOptions } from './options.js';
import { surroundingsOf } from './surroundings.js';

/** The address and port of a UDP socket. */
export interface BindOptions {
  readonly address: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Whether a port of the system's choice has to be even, as draft01 needs it. */
  readonly even: boolean;
}

/** Makes a port that does more than a UDP socket, which it closes with itself. */
export interface PortMaker {
  /** Whether there is to be a UDP socket. */
  readonly usesUdp: boolean;
  /** @param udp - null without */
  open(udp: DatagramPort | null): Promise<DatagramPort>;
}

/** The part of one kind of daemon in opening a driver `D`. */
export interface DriverMaker<D> {
  /** Checks the options of the UDP socket; not called when the user gives a port of another kind. */
  bindOptions(): BindOptions;
  /** UDP sockets, and with them threads, of the Linux driver. */
  sockets(): number;
  /** Makes the port that datagrams take, around the UDP socket; null where that is the socket itself. */
  readonly port?: PortMaker | null;
  /** Checks that an endpoint can be reached from a local address. @throws StartError */
  checkRoutes?(address: string): Promise<void>;
  portable(options: Omit<PortableDriverOptions<Machine>, 'machine'>): Promise<D>;
  linux(options: Omit<LinuxDriverOptions, 'machine'>): Promise<D>;
}

/**
 * Chooses a driver and opens it; nothing flows yet.
 *
 * @throws InvalidArgumentError for an option that cannot be used
 * @throws StartError when the port, the interface or a route cannot be had
 */
export async function openDaemonDriver<D>(
  options: CommonOptions,
  profile: Profile,
  listener: DriverListener & Pick<PortableDriverOptions<Machine>, 'onPacket'>,
  maker: DriverMaker<D>,
): Promise<D> {
  const port = maker.port ?? null;
  const choice = await chooseDriver(options, profile, port && 'a gateway may be used');
  if (choice.name !== 'linux') endEarlyThread();
  if (choice.name === 'portable') {
    const { tun = false, offloads = 'all', environment } = options;
    const openUdp = async (): Promise<DatagramPort> =>
      options.datagrams ??
      (environment === undefined
        ? await openPortableUdp(maker, offloads !== 'none')
        : await bindIn(environment, maker.bindOptions()));
    const datagrams = await openPort(port, openUdp);
    const { clock, timers } = surroundingsOf(options);
    return maker.portable({ ...listener, datagrams, tun, clock, timers, reason: choice.reason });
  }
  if (choice.name === 'embedded') {
    const datagrams = await openPort(port, () => openBatchedUdp(choice, maker));
    const { clock } = options;
    return maker.portable({ ...listener, datagrams, tun: false, clock, reason: null });
  }
  const { libc, offloads } = choice;
  const where = maker.bindOptions();
  const sockets = maker.sockets();
  const udp = LinuxUdp.open(libc, { ...where, sockets, offloads: usesUdp(offloads) });
  await closeUnlessReachable(udp, maker, where);
  return maker.linux({ ...listener, libc, udp, tun: String(options.tun), offloads });
}

async function openPort(
  port: PortMaker | null,
  openUdp: () => Promise<DatagramPort>,
): Promise<DatagramPort> {
  if (port === null) return openUdp();
  const udp = port.usesUdp ? await openUdp() : null;
  return port.open(udp);
}

async function openPortableUdp(
  maker: DriverMaker<unknown>,
  segmentation: boolean,
): Promise<PortableUdp> {
  const where = maker.bindOptions();
  const datagrams = await PortableUdp.open({ ...where, segmentation });
  await closeUnlessReachable(datagrams, maker, where);
  return datagrams;
}

async function bindIn(environment: Environment, wanted: BindOptions): Promise<DatagramPort> {
  try {
    return await environment.bind(wanted);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw bindError(code, wanted.address, wanted.port, { cause: error });
  }
}

async function openBatchedUdp(
  { libc, rawLibc, offloads }: Extract<DriverChoice, { name: 'embedded' }>,
  maker: DriverMaker<unknown>,
): Promise<BatchedUdp> {
  const where = maker.bindOptions();
  const datagrams = BatchedUdp.open({ ...where, libc, rawLibc, offloads: usesUdp(offloads) });
  await closeUnlessReachable(datagrams, maker, where);
  return datagrams;
}

async function closeUnlessReachable(
  socket: { close(): unknown },
  maker: DriverMaker<unknown>,
  { address }: BindOptions,
): Promise<void> {
  try {
    await maker.checkRoutes?.(address);
  } catch (error) {
    await socket.close();
    throw error;
  }
}
