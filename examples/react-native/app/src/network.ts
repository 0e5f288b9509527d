import NetInfo, { type NetInfoState } from '@react-native-community/netinfo';
import { AppState } from 'react-native';
import type { Tunnel } from './tunnel';

/**
 * Restarts a tunnel when the phone moves to another network, and resumes it when the app comes to the foreground.
 *
 * @returns ends that
 */
export function followNetwork(tunnel: Pick<Tunnel, 'restart' | 'resume'>): () => void {
  let network: string | null = null;
  const stopNetwork = NetInfo.addEventListener((state) => {
    // Between two networks there is none, which needs no restart.
    if (state.isConnected !== true) return;
    const now = networkOf(state);
    if (network !== null && network !== now) tunnel.restart();
    network = now;
  });
  const app = AppState.addEventListener('change', (state) => {
    if (state === 'active') tunnel.resume();
  });
  return () => {
    stopNetwork();
    app.remove();
  };
}

/** What is another text in another network; signal strength and the like leave it as it is. */
function networkOf({ type, details }: NetInfoState): string {
  const address = details !== null && 'ipAddress' in details ? details.ipAddress : null;
  return `${type} ${address}`;
}
