import type { ListenAddress } from '../options/listenAddress.js';
import { MetricsServer } from './metricsServer.js';

type Source = () => object | Promise<object>;

/** The place where a daemon answers Prometheus, which may change while it runs. */
export class MetricsEndpoint {
  #server: MetricsServer | null = null;
  #source: Source | null = null;

  /** Listens elsewhere, or nowhere. @throws StartError when that is not possible; it is where it was then */
  async listen(address: ListenAddress | undefined): Promise<void> {
    const before = this.#server;
    this.#server = address === undefined ? null : await MetricsServer.open(address);
    if (this.#source !== null) this.#server?.serve(this.#source);
    await before?.close();
  }

  /** Answers from now on with a status; until then, requests get 503. */
  serve(source: Source): void {
    this.#source = source;
    this.#server?.serve(source);
  }

  /** Ends it and its connections. */
  async close(): Promise<void> {
    await this.#server?.close();
  }
}
