import type { Quiche } from '@matrixai/quic/native/quiche.js';
import type { Config, Connection, Header, Host } from '@matrixai/quic/native/types.js';
import { StreamError } from './streamError.js';

export type { Config, Connection, Header, Host as HostPort };

/** The part of `@matrixai/quic` that this package uses: quiche without sockets and timers. */
export type QuicLibrary = Quiche;

let library: Promise<QuicLibrary> | null = null;

async function load(): Promise<QuicLibrary> {
  try {
    const { quiche } = await import('@matrixai/quic/native/index.js');
    return quiche;
  } catch (error) {
    throw new StreamError(
      'ENOTSUP',
      'load',
      `streams are not available on ${process.platform}-${process.arch}: @matrixai/quic is not installed or has no build for it (${(error as Error).message})`,
    );
  }
}

/**
 * Loads the QUIC library, which is native code and only wanted by programs that use streams.
 *
 * @throws StreamError ENOTSUP when it is not installed or has no build for this platform
 */
export function quicLibrary(): Promise<QuicLibrary> {
  library ??= load();
  return library;
}
