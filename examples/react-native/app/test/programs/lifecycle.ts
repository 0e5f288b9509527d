import NetInfo from '@react-native-community/netinfo';
import { AppState } from 'react-native';
import { followNetwork } from '../../src/network';
import { traffic } from '../fake/udpSockets';
import { check, checkSame, type Test } from './checks';
import { sleep } from './engine';
import { openHost, openRouter, until } from './transfers';

/** The fakes can say what phones do. */
const { emit } = NetInfo as unknown as { emit(state: object): void };
const app = AppState as unknown as { emit(state: string): void };

const wifi = { type: 'wifi', isConnected: true, details: { ipAddress: '10.0.0.7', strength: 50 } };
const none = { type: 'none', isConnected: false, details: null };
const cellular = { type: 'cellular', isConnected: true, details: { cellularGeneration: '4g' } };

export const lifecycleTests: readonly Test[] = [
  {
    name: 'takes another socket when the network changes, and only then',
    run: async () => {
      const router = await openRouter('198.51.100.1');
      const host = await openHost('192.0.2.1', router.text);
      const stop = followNetwork(host.tunnel);
      const endpoint = host.tunnel.state.publicEndpoint!;
      emit(wifi);
      emit({ ...wifi, details: { ...wifi.details, strength: 40 } });
      emit(none);
      emit(wifi);
      await sleep(500);
      checkSame(host.tunnel.state.publicEndpoint, endpoint, 'the endpoint in the same network');
      emit(none);
      emit(cellular);
      await sleep(500);
      await until(() => host.tunnel.state.phase === 'online', 'another address');
      check(host.tunnel.state.publicEndpoint !== endpoint, 'another endpoint in another network');
      stop();
      const second = host.tunnel.state.publicEndpoint!;
      emit(wifi);
      await sleep(500);
      checkSame(host.tunnel.state.publicEndpoint, second, 'the endpoint when nobody follows');
      await host.tunnel.stop();
      await host.tunnel.restart();
      checkSame(host.tunnel.state.phase, 'stopped', 'the phase after a restart while stopped');
      router.close();
    },
  },
  {
    name: 'asks its router at once when the app comes back',
    run: async () => {
      const router = await openRouter('198.51.100.1');
      const host = await openHost('192.0.2.1', router.text);
      const stop = followNetwork(host.tunnel);
      await sleep(1_000);
      const before = traffic.sent;
      app.emit('background');
      await sleep(100);
      checkSame(traffic.sent, before, 'datagrams in the background');
      app.emit('active');
      await sleep(100);
      check(traffic.sent >= before + 2, 'a solicitation and its answer');
      checkSame(host.tunnel.state.phase, 'online', 'the phase');
      stop();
      await host.tunnel.stop();
      router.close();
    },
  },
];
