/** What React Native has on phones, and its types leave out. */
declare const performance: { now(): number };
/** From react-native-get-random-values. */
declare const crypto: { getRandomValues<T extends Uint8Array | Uint32Array>(array: T): T };
