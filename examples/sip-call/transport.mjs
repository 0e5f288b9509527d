import { once } from 'node:events';
import { Core, Grammar } from 'sip.js';

const { T1, T2, T4 } = Core.Timers;
const SIP_PORT = 5060;
const silent = { log() {}, warn() {}, error() {}, debug() {} };

// The timers of SIP.js are those of reliable transports; these are for UDP (RFC 3261 §17, table 4).
Object.assign(Core.Timers, { TIMER_D: 64 * T1, TIMER_I: T4, TIMER_J: 64 * T1, TIMER_K: T4 });

/**
 * SIP over UDP for SIP.js, which leaves retransmission to its transport: timers A, E and G of RFC 3261.
 * The first transmission of a request is opportunistic: sent directly to the remote even while no path to it
 * is confirmed. Retransmissions take the usual path. A response that comes before them confirms the path.
 */
export class UdpTransport {
  protocol = 'UDP';
  /** Messages to retransmit, by branch and method of the message that ends their retransmission. */
  #pending = new Map();
  #options;

  /**
   * @param options `socket` has the interface of a `node:dgram` socket; `trace` is called with the
   *   start-line of each message, and with `received` or the number of the transmission; `t1` is the time in
   *   milliseconds to the first retransmission, where the default of RFC 3261, 500, is not right
   */
  constructor(logger, options) {
    this.#options = options;
    options.socket.on('message', (bytes, { address }) => {
      this.#receive(bytes.toString(), address).catch(({ message }) => logger.warn(message));
    });
  }

  async connect() {
    await once(this.#options.socket.bind(SIP_PORT), 'listening');
  }

  async dispose() {
    for (const { timer } of this.#pending.values()) clearTimeout(timer);
    this.#options.socket.close();
  }

  async send(text) {
    const message = Core.Parser.parseMessage(text, silent);
    const { method, ruri, statusCode, via, viaBranch } = message;
    const route = /^Route:[^<]*<([^>]*)>/im.exec(text)?.[1];
    const hop = ruri === undefined ? via : route ? Grammar.URIParse(route) : ruri;
    const host = (hop.received ?? hop.host).replace(/[[\]]/g, '');
    const packet = [Buffer.from(text), hop.port ?? SIP_PORT, host];
    const isRequest = ruri !== undefined && method !== 'ACK';
    const isRefusal = method === 'INVITE' && statusCode >= 300;
    const longest = isRequest && method === 'INVITE' ? Number.POSITIVE_INFINITY : T2;
    const key = `${viaBranch} ${isRefusal ? 'ACK' : method}`;

    const transmit = (count, wait, elapsed) => {
      this.#options.trace?.(text.split('\r\n', 1)[0], count);
      const opportunistic =
        isRequest && count === 1 ? this.#options.socket.sendOpportunistic?.(...packet) : undefined;
      if (opportunistic === undefined) this.#options.socket.send(...packet);
      if (!isRequest && !isRefusal) return;
      const next = [count + 1, Math.min(2 * wait, longest), elapsed + wait];
      if (elapsed + wait >= 64 * T1) this.#pending.delete(key);
      else this.#pending.set(key, { opportunistic, timer: setTimeout(transmit, wait, ...next) });
    };
    // An INVITE that comes again replaces the pending refusal.
    clearTimeout(this.#pending.get(key)?.timer);
    transmit(1, this.#options.t1 ?? T1, 0);
  }

  async #receive(text, source) {
    // RFC 3261 §18.2.1: responses go to the source of the request, whatever its Via says.
    const marked = text.replace(/^(v|via)\s*:[^\r\n,]*/im, `$&;received=${source}`);
    const message = Core.Parser.parseMessage(marked, silent);
    // SIP.js throws on a body without a type.
    if (message === undefined || (message.body && !message.hasHeader('content-type'))) return;
    this.#options.trace?.(text.split('\r\n', 1)[0], 'received');
    const { method, ruri, statusCode, viaBranch } = message;
    const key = `${viaBranch} ${method}`;
    const entry = (ruri === undefined || method === 'ACK') && this.#pending.get(key);
    if (entry) entry.opportunistic?.answered();
    if (entry && (statusCode >= 200 || method === 'INVITE' || method === 'ACK')) {
      clearTimeout(entry.timer);
      this.#pending.delete(key);
    }
    this.onMessage(marked);
  }
}
