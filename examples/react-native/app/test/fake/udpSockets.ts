import { Platform } from './platform';
import { seeded } from './seeded';

type Callback = (...args: unknown[]) => void;

interface Socket {
  address: string;
  port: number;
}

/** How datagrams fare. Times in milliseconds. */
export interface NetworkConditions {
  /** Share of datagrams that are lost. */
  loss: number;
  delay: number;
  /** Added to the delay by chance, so that datagrams overtake each other. */
  jitter: number;
}

/** The time that a call takes from JavaScript to the thread that makes it, and back. */
const CALL_MS = 0.05;
/** Share of the calls that the other thread of Android's pool makes first. */
const OVERTAKEN = 1 / 16;
const REFUSED = ['255.255.255.255', '240.0.0.1'];

const random = seeded(1);
const sockets = new Map<number, Socket>();

/** The network of all sockets; tests change its conditions. */
export const network: NetworkConditions = { loss: 0, delay: 1, jitter: 0 };
/** What would have ended a real app. */
export const crashes: string[] = [];
/** Datagrams that were sent, and lost. */
export const traffic = { sent: 0, lost: 0 };

let emit: (event: string, value: unknown) => void = () => undefined;

/** Has events of sockets sent to `DeviceEventEmitter`. */
export function emitWith(emitter: typeof emit): void {
  emit = emitter;
}

/** Makes a call in the native module's thread. */
function inNativeThread(run: () => void): void {
  const isLate = Platform.OS === 'android' && random() < OVERTAKEN;
  setTimeout(run, isLate ? 2 * CALL_MS : CALL_MS);
}

function findSocket(address: string, port: number): [number, Socket] | undefined {
  return [...sockets].find(([, one]) => one.port === port && one.address === address);
}

/**
 * The native module of react-native-udp in memory, with what its Java and Objective-C do that `node:dgram` does
 * not: see the comments.
 */
export const UdpSockets = {
  createSocket(id: number): void {
    sockets.set(id, { address: '', port: -1 });
  },

  bind(id: number, port: number, address: string, _options: object, callback: Callback): void {
    inNativeThread(() => {
      if (findSocket(address, port) !== undefined) {
        callback(Platform.OS === 'ios' ? 'Address already in use' : { message: 'EADDRINUSE' });
        return;
      }
      const socket = sockets.get(id)!;
      socket.address = address;
      socket.port = port === 0 ? 40_000 + id : port;
      // Android reports the port that was asked for, even 0.
      callback(null, { address, port: Platform.OS === 'ios' ? socket.port : port });
    });
  },

  send(id: number, data: string, port: number, address: string, callback: Callback): void {
    inNativeThread(() => {
      const from = sockets.get(id);
      if (from === undefined) {
        callback({ message: `no client found with id ${id}` });
        return;
      }
      // CocoaAsyncSocket ignores it, and nobody calls back.
      if (data === '' && Platform.OS === 'ios') return;
      // An exception that is no IOException goes to React Native, which ends the app.
      if (port === 0) crashes.push(`sent to ${address}:0`);
      if (port === 0 || REFUSED.includes(address)) {
        callback({ message: 'sendto failed' });
        return;
      }
      inNativeThread(() => callback());
      carry(data, { ...from }, address, port);
    });
  },

  close(id: number, callback: Callback): void {
    inNativeThread(() => {
      sockets.delete(id);
      callback();
    });
  },
};

function carry(data: string, from: Socket, address: string, port: number): void {
  traffic.sent++;
  if (random() < network.loss) {
    traffic.lost++;
    return;
  }
  setTimeout(
    () => {
      const [id] = findSocket(address, port) ?? [];
      if (id === undefined) return;
      emit(`udp-${id}-data`, { data, address: from.address, port: from.port, ts: '0' });
    },
    network.delay + random() * network.jitter,
  );
}
