import { type DecodedAddress, decodeAddress, InvalidArgumentError } from '@6bed4/codec';
import { parseEcho } from '@6bed4/nd';
import { openTunnel, StartError, type Tunnel, type TunnelOptions } from '@6bed4/node';
import { type TcpSink, TcpStack } from '@6bed4/tcp';
import { type MachineRunner, Peer, type TunnelEvent, type TunnelSink } from '@6bed4/tunnel';
import type { DriverTest, driverTests } from '@6bed4/tunnel/conformance';

/** Assigned `true` only where a type is not `any`, which an import that is not found would be. */
type Known<T> = 0 extends 1 & T ? false : true;

export const known: [
  Known<DecodedAddress>,
  Known<typeof parseEcho>,
  Known<Tunnel>,
  Known<TcpSink>,
  Known<TunnelEvent>,
  Known<DriverTest>,
  Known<typeof driverTests>,
  Known<typeof MachineRunner>,
] = [true, true, true, true, true, true, true, true];

export function decode(text: string): string {
  const { peer } = decodeAddress(text);
  return peer === undefined || peer === null ? 'no peer' : `${peer.address}:${peer.port}`;
}

export function echo(bytes: Uint8Array): number | null {
  const parsed = parseEcho(bytes, 0, bytes.length);
  return parsed.ok ? parsed.value.sequence : null;
}

export async function greet(options: TunnelOptions): Promise<string> {
  try {
    const tunnel = await openTunnel(options);
    const socket = tunnel.createSocket('udp6', (message, from) => {
      socket.send(message, from.port, from.address);
    });
    tunnel.connect({ host: '2001:db8::1', port: 80 }).on('data', (bytes: Uint8Array) => bytes[0]);
    await tunnel.close();
    return tunnel.address ?? 'no address';
  } catch (error) {
    if (error instanceof StartError) return error.code;
    if (error instanceof InvalidArgumentError) return error.field;
    throw error;
  }
}

export const peer = (sink: TunnelSink): Peer =>
  new Peer({ routers: ['192.0.2.1'], random: Math.random }, sink);
export const stack = (sink: TcpSink): TcpStack => new TcpStack({ random: Math.random }, sink);

// @ts-expect-error a port is a number
export const wrong: TunnelOptions = { routers: '192.0.2.1', port: '25790' };
