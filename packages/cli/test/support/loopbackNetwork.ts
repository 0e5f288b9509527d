import { createSocket, type RemoteInfo } from 'node:dgram';
import { connect, createServer, type Server } from 'node:net';
import type { ConnectionServer, DatagramSocket, Network } from '../../src/relay/network.js';

/** An IPv6 address of the network, which stands for ::1 of this computer. */
export const FAR = '2001:db8::1';
/** One at which nobody answers. */
export const NOWHERE = '2001:db8::dead';

/** A network whose only host is this computer, for programs that may not connect to ::1 themselves. */
export const loopbackNetwork: Network = {
  connect(options) {
    if (options.host === FAR) return connect({ ...options, host: '::1' });
    const error = Object.assign(new Error('unreachable'), { code: 'EHOSTUNREACH' });
    return connect({ ...options, host: '::1', lookup: undefined }).destroy(error);
  },
  createServer(options, listener): ConnectionServer {
    const server: Server = createServer(options, listener);
    return {
      listen: (port, onListening) => server.listen(port, '::1', onListening),
      close: () => server.close(),
      on: (event, onEvent) => server.on(event, onEvent),
    };
  },
  createSocket(): DatagramSocket {
    const socket = createSocket('udp6');
    return {
      bind: (port, listener) => socket.bind(port, '::1', listener),
      send: (message, port, address, callback) =>
        socket.send(message, port, address === FAR ? '::1' : address, (error) => callback?.(error)),
      close: () => socket.close(),
      on(event: 'message' | 'error', listener: (...args: never[]) => void) {
        if (event === 'error') return socket.on(event, listener as (error: Error) => void);
        const onMessage = listener as unknown as (message: Buffer, from: RemoteInfo) => void;
        return socket.on('message', (message, from) => {
          onMessage(message, { ...from, address: from.address === '::1' ? FAR : from.address });
        });
      },
    };
  },
};
