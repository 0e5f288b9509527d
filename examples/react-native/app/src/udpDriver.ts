import { formatIPv4, parseIPv4 } from '@6bed4/codec';
import { type Machine, MachineRunner } from '@6bed4/tunnel';
import type {
  DriverCallbacks,
  MachineFactory,
  OpenDriver,
  OpenedDriver,
} from '@6bed4/tunnel/conformance';
import { Platform } from 'react-native';
import dgram from 'react-native-udp';
import { random } from './random';

type Socket = ReturnType<typeof dgram.createSocket>;

/** A driver that may go on after the system suspended the app. */
export interface UdpDriver<M extends Machine> extends OpenedDriver<M> {
  /** Sets the timer anew: those of a suspended app do not expire. */
  resume(): void;
}

/** Dynamic ports (RFC 6335 §6). */
const FIRST_PORT = 49_152;
const PORTS = 16_384;
const ATTEMPTS = 8;
/** Datagrams on their way to the socket; what comes on top is dropped, as networks do. */
const MOST_WAITING = 512;
/** The longest delay of `setTimeout`, in milliseconds. */
const LONGEST_DELAY = 0x7fff_ffff;
/** Sent in place of nothing; receivers drop it as too short. */
const ALMOST_EMPTY = Uint8Array.of(0);

/**
 * Opens a driver on a UDP socket of react-native-udp.
 *
 * @param address - the IPv4 address to bind to; `0.0.0.0` for all
 * @throws Error when no port can be bound
 */
export async function openUdpDriver<M extends Machine>(
  address: string,
  makeMachine: MachineFactory<M>,
  callbacks: DriverCallbacks,
): Promise<UdpDriver<M>> {
  const { socket, port } = await bind(address);
  const packets: Uint8Array[] = [];
  let waiting = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;
  const sent = () => {
    waiting--;
  };

  const runner = new MachineRunner((sink) => makeMachine(sink, { address, port }), {
    now: () => performance.now(),
    setTimer(at) {
      clearTimeout(timer);
      const delay = Math.min(Math.max(Math.ceil(at - performance.now()), 0), LONGEST_DELAY);
      timer = setTimeout(() => runner.handleTimeout(), delay);
    },
    sendDatagram(bytes, offset, length, to) {
      // Android ends the app with an exception in native code when it is asked to send to port 0.
      if (closed || to.port === 0 || waiting >= MOST_WAITING) return;
      const datagram = payload(bytes, offset, length);
      waiting++;
      socket.send(datagram, 0, datagram.length, to.port, formatIPv4(to.address), sent);
    },
    deliverPacket(bytes, offset, length) {
      packets.push(bytes.slice(offset, offset + length));
    },
    flush() {
      for (const packet of packets.splice(0)) callbacks.packet(packet);
    },
    eventHappened: (event) => callbacks.event(event),
  });

  socket.on('message', (message: Uint8Array, from: { address: string; port: number }) => {
    const source = ipv4Of(from.address);
    if (closed || source === null) return;
    // A Buffer is no plain Uint8Array: its `slice` does not copy.
    const bytes = new Uint8Array(message);
    runner.handleDatagram(bytes, 0, bytes.length, source, from.port);
  });
  runner.resume();

  return {
    endpoint: { address, port },
    command: (action) => runner.command(action),
    send(packet) {
      // The machine counts the hop limit down.
      const copy = Uint8Array.from(packet);
      runner.handlePacket(copy, 0, copy.length);
    },
    resume: () => runner.resume(),
    close() {
      if (closed) return;
      closed = true;
      runner.close();
      clearTimeout(timer);
      socket.close();
    },
  };
}

/** {@link openUdpDriver} on one address, as the conformance suite wants it. */
export function udpDriverAt(address: string): OpenDriver {
  return (makeMachine, callbacks) => openUdpDriver(address, makeMachine, callbacks);
}

/**
 * The bytes to send, copied. On iOS, react-native-udp sends no empty datagram and never calls back for it, so a
 * byte takes its place: as a keepalive it does the same.
 */
function payload(bytes: Uint8Array, offset: number, length: number): Uint8Array {
  if (length === 0 && Platform.OS === 'ios') return ALMOST_EMPTY;
  return bytes.slice(offset, offset + length);
}

/** Of an IPv4 address in text; null for what is none, such as IPv6. */
function ipv4Of(address: string): number | null {
  try {
    return parseIPv4(address);
  } catch {
    return null;
  }
}

/** Binds a socket to a port of its own choice: on Android, the port that the system chose would not be told. */
async function bind(address: string): Promise<{ socket: Socket; port: number }> {
  let reason: unknown;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = FIRST_PORT + Math.floor(random() * PORTS);
    const socket = dgram.createSocket({ type: 'udp4' });
    try {
      await bindTo(socket, port, address);
      return { socket, port };
    } catch (error) {
      reason = error;
      socket.close();
    }
  }
  throw reason;
}

function bindTo(socket: Socket, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // Errors after that are about earlier datagrams, and nothing can be done.
    socket.on('error', reject);
    socket.bind(port, address, (error?: unknown) => {
      if (error === undefined) resolve();
      else reject(error);
    });
  });
}
