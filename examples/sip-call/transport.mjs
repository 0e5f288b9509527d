import { once } from 'node:events';
import { Core, Grammar } from 'sip.js';

const { T1, T2, T4 } = Core.Timers;
const SIP_PORT = 5060;
const silent = { log() {}, warn() {}, error() {}, debug() {} };

// SIP.js waits as long as reliable transports need; these are for UDP (RFC 3261 §17, table 4).
Object.assign(Core.Timers, { TIMER_D: 64 * T1, TIMER_I: T4, TIMER_J: 64 * T1, TIMER_K: T4 });

/**
 * SIP over UDP for SIP.js, which leaves retransmission to its transport: timers A, E and G of RFC 3261.
 * The first transmission of a request is played: sent straight to the remote even while no path to it is
 * proved. Retransmissions go the usual way. An answer that comes before them proves the path.
 */
export class UdpTransport {
  protocol = 'UDP';
  /** What is sent again until something comes: by branch and method of what that something is. */
  #pending = new Map();
  #options;

  /**
   * @param options `socket` has the interface of a `node:dgram` socket; `trace` is told of each message by
   *   its start-line, with `received` or the number of the transmission
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
      const play =
        isRequest && count === 1 ? this.#options.socket.sendOpportunistic?.(...packet) : undefined;
      if (play === undefined) this.#options.socket.send(...packet);
      if (!isRequest && !isRefusal) return;
      const next = [count + 1, Math.min(2 * wait, longest), elapsed + wait];
      if (elapsed + wait >= 64 * T1) this.#pending.delete(key);
      else this.#pending.set(key, { play, timer: setTimeout(transmit, wait, ...next) });
    };
    // A refusal, when the INVITE comes again.
    clearTimeout(this.#pending.get(key)?.timer);
    transmit(1, T1, 0);
  }

  async #receive(text, source) {
    // RFC 3261 §18.2.1: responses go to where the request came from, whatever it says about that.
    const marked = text.replace(/^(v|via)\s*:[^\r\n,]*/im, `$&;received=${source}`);
    const message = Core.Parser.parseMessage(marked, silent);
    // SIP.js trips over a body of no type.
    if (message === undefined || (message.body && !message.hasHeader('content-type'))) return;
    this.#options.trace?.(text.split('\r\n', 1)[0], 'received');
    const { method, ruri, statusCode, viaBranch } = message;
    const key = `${viaBranch} ${method}`;
    const entry = (ruri === undefined || method === 'ACK') && this.#pending.get(key);
    if (entry) entry.play?.answered();
    if (entry && (statusCode >= 200 || method === 'INVITE' || method === 'ACK')) {
      clearTimeout(entry.timer);
      this.#pending.delete(key);
    }
    this.onMessage(marked);
  }
}
