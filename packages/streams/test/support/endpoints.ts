import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createStreamEndpoint,
  type StreamConnectOptions,
  type StreamEndpoint,
  type StreamEndpointOptions,
  type TunnelStream,
} from '../../src/index.js';
import { type WireOptions, type WireSocket, wire } from './wire.js';

/** Two endpoints at the ends of a wire. */
export interface WiredEndpoints {
  readonly near: StreamEndpoint;
  readonly far: StreamEndpoint;
  readonly nearSocket: WireSocket;
  readonly farSocket: WireSocket;
  /** Address and port of the far end. */
  readonly target: Pick<StreamConnectOptions, 'address' | 'port'>;
  /** Connects; failures that a test does not check do not fail it. */
  pair(
    options?: Partial<StreamConnectOptions>,
  ): Promise<[client: TunnelStream, server: TunnelStream]>;
}

let open: WiredEndpoints[] = [];

export async function wiredEndpoints(
  wireOptions: WireOptions = {},
  options: StreamEndpointOptions = {},
): Promise<WiredEndpoints> {
  const [nearSocket, farSocket] = wire(wireOptions);
  const near = await createStreamEndpoint(nearSocket, options);
  const far = await createStreamEndpoint(farSocket, options);
  const { address, port } = farSocket.address();
  const target = { address, port };
  const wired: WiredEndpoints = {
    near,
    far,
    nearSocket,
    farSocket,
    target,
    async pair(options = {}) {
      const accepted = once(far, 'connection') as Promise<[TunnelStream]>;
      const client = near.connect({ ...target, ...options });
      const [[server]] = await Promise.all([accepted, once(client, 'connect')]);
      for (const stream of [client, server]) stream.on('error', () => {});
      return [client, server];
    },
  };
  open.push(wired);
  return wired;
}

/** For `afterEach`. */
export async function closeEndpoints(): Promise<void> {
  for (const { near, far } of open) {
    near.destroy();
    far.destroy();
  }
  await sleep(10);
  for (const { nearSocket, farSocket } of open) {
    nearSocket.close();
    farSocket.close();
  }
  open = [];
}

/** The code with which a stream fails. */
export async function failure(stream: TunnelStream): Promise<string | undefined> {
  const [error] = (await new Promise((resolve) =>
    stream.once('error', (error) => resolve([error])),
  )) as [NodeJS.ErrnoException];
  return error.code;
}
