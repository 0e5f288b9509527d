/** The part of `@react-native-community/netinfo` that the example uses; `emit` is ours. */
type Listener = (state: unknown) => void;

const listeners = new Set<Listener>();

export default {
  addEventListener(listener: Listener): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  emit(state: { type: string; isConnected: boolean; details: object | null }): void {
    for (const listener of listeners) listener(state);
  },
};
