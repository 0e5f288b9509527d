/** The part of k-rpc-socket, which has no types, that tests use. */
declare module 'k-rpc-socket' {
  import type { EventEmitter } from 'node:events';

  export default class KrpcSocket extends EventEmitter {
    constructor(options: { readonly socket: unknown });
    bind(port: number): void;
    query(peer: unknown, query: unknown, callback: unknown): void;
    response(peer: unknown, query: unknown, response: unknown): void;
    destroy(): void;
  }
}
