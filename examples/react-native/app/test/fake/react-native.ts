/** The parts of `react-native` that the example's driver and its packages use, without a phone. */

import { seeded } from './seeded';
import { SixBed4Tun } from './tun';
import { emitWith, UdpSockets } from './udpSockets';

export { Platform } from './platform';

type Listener = (value: never) => void;

/** The emitter of React Native, as far as it is used. */
class Emitter {
  readonly #listeners = new Map<string, Set<Listener>>();

  addListener(event: string, listener: Listener): { remove(): void } {
    const all = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, all.add(listener));
    return { remove: () => all.delete(listener) };
  }

  emit(event: string, value: unknown): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(value as never);
  }
}

export const DeviceEventEmitter = new Emitter();
emitWith((event, value) => DeviceEventEmitter.emit(event, value));

const app = new Emitter();
/** `emit` is ours: it says that the app comes to the foreground, or leaves it. */
export const AppState = {
  addEventListener: (event: string, listener: Listener) => app.addListener(event, listener),
  emit: (state: string) => app.emit('change', state),
};

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const random = seeded(2);

/** Base64 of so many bytes, a multiple of three or not. */
function getRandomBase64(byteLength: number): string {
  const count = Math.ceil((byteLength * 8) / 6);
  const characters = Array.from({ length: count }, () => ALPHABET[Math.floor(random() * 64)]);
  return characters.join('') + '='.repeat((4 - (count % 4)) % 4);
}

const modules = { SixBed4Tun, UdpSockets, RNGetRandomValues: { getRandomBase64 } };

export const NativeModules = modules;
export const TurboModuleRegistry = {
  getEnforcing: (name: keyof typeof modules) => modules[name],
};
