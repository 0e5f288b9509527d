import { connectArguments } from './socketOptions.js';
import { TcpSocket } from './tcpSocket.js';

/** Makes a socket over a tunnel and connects it, as `net.connect` does. */
export function connectTunnel(tunnel: object, args: readonly unknown[]): TcpSocket {
  const [options, listener] = connectArguments(args);
  const socket = new TcpSocket(tunnel, options);
  const { timeout } = options as { readonly timeout?: number };
  if (timeout) socket.setTimeout(timeout);
  return Reflect.apply(socket.connect, socket, listener === null ? [options] : [options, listener]);
}
