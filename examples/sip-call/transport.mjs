import { Core, EmitterImpl, TransportState } from 'sip.js';

const { T1, T2, T4 } = Core.Timers;
const SIP_PORT = 5060;
const silent = { log() {}, warn() {}, error() {}, debug() {} };

// SIP.js waits as long as reliable transports need; these are for UDP (RFC 3261 §17, table 4).
Object.assign(Core.Timers, { TIMER_D: 32_000, TIMER_I: T4, TIMER_J: 64 * T1, TIMER_K: T4 });

const bare = (host) => host.replace(/^\[|\]$/g, '');

/**
 * SIP over UDP for SIP.js, which leaves retransmission to its transport: timers A, E and G of RFC 3261.
 * The first transmission of a request is played: sent straight to the remote, even where no path is
 * proved yet. A retransmission goes the usual way. An answer that comes before one is sent proves the path.
 */
export class UdpTransport {
  protocol = 'UDP';
  state = TransportState.Disconnected;
  stateChange = new EmitterImpl();
  onConnect;
  onDisconnect;
  onMessage;
  #logger;
  #socket;
  #trace;
  #pending = new Map();

  /** `options.socket` has the interface of a `node:dgram` socket; `options.trace` is told of messages. */
  constructor(logger, { socket, trace = () => {} }) {
    this.#logger = logger;
    this.#socket = socket;
    this.#trace = trace;
    socket.on('message', (bytes, { address }) => this.#receive(bytes.toString(), address));
  }

  isConnected() {
    return this.state === TransportState.Connected;
  }

  async connect() {
    await new Promise((resolve, reject) => {
      this.#socket.once('error', reject).bind(SIP_PORT, resolve);
    });
    this.#enter(TransportState.Connected);
    this.onConnect?.();
  }

  async disconnect() {
    for (const { timer } of this.#pending.values()) clearTimeout(timer);
    this.#pending.clear();
    this.#socket.close();
    this.#enter(TransportState.Disconnected);
    this.onDisconnect?.();
  }

  dispose() {
    return this.isConnected() ? this.disconnect() : Promise.resolve();
  }

  async send(text) {
    const message = Core.Parser.parseMessage(text, silent);
    const { method, ruri, statusCode, via, viaBranch } = message;
    const hop = ruri ? (message.parseHeader('route')?.uri ?? ruri) : via;
    const packet = [Buffer.from(text), hop.port ?? SIP_PORT, bare(hop.received ?? hop.host)];
    const isRequest = ruri !== undefined && method !== 'ACK';
    const awaitsAck = method === 'INVITE' && statusCode >= 300;
    this.#trace('sent', message, 1);
    const play = isRequest ? this.#socket.sendPlayful?.(...packet) : undefined;
    if (play === undefined) this.#socket.send(...packet);
    if (!isRequest && !awaitsAck) return;
    const key = `${viaBranch} ${isRequest ? method : 'ACK'}`;
    const entry = { play, timer: undefined };
    const wait = (delay, left, count) => {
      entry.timer = setTimeout(() => {
        entry.play = undefined;
        this.#trace('sent', message, count);
        this.#socket.send(...packet);
        const next = isRequest && method === 'INVITE' ? 2 * delay : Math.min(2 * delay, T2);
        if (next < left) wait(next, left - next, count + 1);
        else this.#pending.delete(key);
      }, delay);
    };
    wait(T1, 63 * T1, 2);
    this.#pending.set(key, entry);
  }

  #receive(text, source) {
    // RFC 3261 §18.2.1: answers go to where the request came from, whatever it says about itself.
    const marked = text.replace(/^(v|via)\s*:[^\r\n,]*/im, (via) =>
      text.startsWith('SIP/') ? via : `${via};received=${source}`,
    );
    const message = Core.Parser.parseMessage(marked, silent);
    if (message === undefined) return;
    this.#trace('received', message, 1);
    const { method, statusCode, viaBranch } = message;
    const key = `${viaBranch} ${method}`;
    const entry = this.#pending.get(key);
    if (entry !== undefined) {
      entry.play?.answered();
      entry.play = undefined;
      if (statusCode >= 200 || method === 'INVITE' || method === 'ACK') {
        clearTimeout(entry.timer);
        this.#pending.delete(key);
      }
    }
    try {
      this.onMessage?.(marked);
    } catch (error) {
      this.#logger.warn(`dropped a message from ${source}: ${error.message}`);
    }
  }

  #enter(state) {
    this.state = state;
    this.stateChange.emit(state);
  }
}
