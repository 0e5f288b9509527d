/**
 * How flows share one bottleneck, in virtual time: each flow between two stacks of its own, all through one queue that
 * drops what finds it full. `node bench/tcp.mjs --fairness` prints the table.
 */
import { TcpStack } from '@6bed4/tcp';
import Table from 'cli-table3';

/** 40 Mbit/s, in bytes per millisecond. */
const RATE = 5_000;
/** Milliseconds until flows have left slow start, for which they are compared, and between their starts. */
const SETTLING = 10_000;
const COMPARED = 30_000;
const BETWEEN = 537;
const ROUND_TRIPS = [2, 20, 40];
/** In products of rate and round trip. */
const QUEUES = [0.5, 1, 2, 4];
/** Bytes that any queue takes. */
const LEAST_QUEUE = 3_000;
const GROUPS = [
  ['cubic', 'cubic'],
  ['bbr', 'cubic'],
  ['cubic', 'bbr'],
  ['bbr', 'bbr', 'cubic', 'cubic'],
];
const NEVER = Number.POSITIVE_INFINITY;
const PORT = 80;
const PIECE = new Uint8Array(64 * 1024);
const BUFFER = 8_000_000;

const addressOf = (flow, end) => {
  const address = new Uint8Array(16);
  address.set([0xfc, 0x64, flow, end]);
  return address;
};

/** Numbers in [0, 1) that are the same each time. */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Packets in the order in which they arrive. */
class Line {
  #packets = [];
  #first = 0;

  get next() {
    return this.#packets[this.#first]?.at ?? NEVER;
  }

  push(at, to, bytes) {
    this.#packets.push({ at, to, bytes });
  }

  deliver(now) {
    const { to, bytes } = this.#packets[this.#first++];
    if (this.#first > 1_000) this.#packets.splice(0, this.#first);
    if (this.#first > this.#packets.length) this.#first = 0;
    to.handlePacket(bytes, 0, bytes.length, now);
  }
}

/** One stream from one stack to another one, without end. */
class Flow {
  received = 0;
  #events = [];
  #into = new Uint8Array(PIECE.length);
  #connection = null;

  constructor(index, congestion, startAt, { random, there, back }) {
    Object.assign(this, { index, startAt });
    this.near = this.#stack({ congestion, random }, (bytes) => there(this.far, bytes));
    this.far = this.#stack({ random }, (bytes) => back(this.near, bytes));
    this.far.listen(null, PORT);
  }

  get next() {
    return Math.min(this.near.nextTimeout(), this.far.nextTimeout(), this.startAt);
  }

  run(now) {
    if (this.startAt <= now) this.#start(now);
    for (const stack of [this.near, this.far]) {
      if (stack.nextTimeout() <= now) stack.handleTimeout(now);
    }
    for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
      const [connection, event] = next;
      if (event === 'readable') this.#read(connection, now);
      else if (connection === this.#connection && event !== 'closed') this.#write(now);
    }
  }

  #stack(options, send) {
    return new TcpStack(
      { sendBuffer: BUFFER, receiveBuffer: BUFFER, ...options },
      {
        sendPacket: (bytes, offset, length) => send(bytes.slice(offset, offset + length)),
        event: (connection, event) => this.#events.push([connection, event]),
        accepted: (listener) => this.#events.push([listener.accept(), 'readable']),
      },
    );
  }

  #start(now) {
    this.startAt = NEVER;
    const local = { address: addressOf(this.index, 1), port: 0 };
    const remote = { address: addressOf(this.index, 2), port: PORT };
    this.#connection = this.near.connect(local, remote, now);
  }

  #read(connection, now) {
    for (let count = -1; count !== 0; this.received += count) {
      count = connection.read(this.#into, 0, PIECE.length, now);
    }
  }

  #write(now) {
    while (this.#connection.write(PIECE, 0, PIECE.length, now) === PIECE.length);
  }
}

/** What flows with these congestion controls carry, in Mbit/s, with so many milliseconds and bytes of queue. */
function share(names, roundTrip, queue) {
  const lines = [new Line(), new Line()];
  let [now, free] = [1_000, 0];
  const path = {
    random: numbers(1),
    there: (to, bytes) => {
      const begin = Math.max(now, free);
      if ((begin - now) * RATE + bytes.length > queue) return;
      free = begin + bytes.length / RATE;
      lines[0].push(free + roundTrip / 2, to, bytes);
    },
    back: (to, bytes) => lines[1].push(now + roundTrip / 2, to, bytes),
  };
  const flows = names.map((name, index) => new Flow(index, name, now + index * BETWEEN, path));
  const runUntil = (end) => {
    while (now < end) {
      const at = Math.min(...lines.map(({ next }) => next), ...flows.map(({ next }) => next));
      now = Math.max(now, at);
      for (const line of lines) if (line.next <= now) line.deliver(now);
      for (const flow of flows) flow.run(now);
    }
    return flows.map(({ received }) => received);
  };
  const before = runUntil(now + SETTLING);
  const after = runUntil(now + COMPARED);
  return after.map((bytes, index) => ((bytes - before[index]) * 8) / 1_000 / COMPARED);
}

/** Prints what BBR gets for each Mbit/s of CUBIC, or the first flow for each of the second one. */
export function compareFairness() {
  const table = new Table({
    head: ['flows, in the order of their start', 'round trip', ...QUEUES.map((part) => `${part}`)],
  });
  for (const names of GROUPS) {
    const mine = names.includes('bbr') ? 'bbr' : names[0];
    for (const roundTrip of ROUND_TRIPS) {
      const cells = QUEUES.map((part) => {
        const rates = share(names, roundTrip, Math.max(part * roundTrip * RATE, LEAST_QUEUE));
        const isMine = (index) => (mine === 'bbr' ? names[index] === 'bbr' : index === 0);
        const sum = (wanted) =>
          rates.reduce((total, rate, index) => total + (isMine(index) === wanted ? rate : 0), 0);
        return `${(sum(true) / sum(false)).toFixed(2)} (${sum(true).toFixed(1)} : ${sum(false).toFixed(1)})`;
      });
      table.push([names.join(', '), `${roundTrip} ms`, ...cells]);
    }
  }
  console.log(
    'One bottleneck of 40 Mbit/s in virtual time; queues in products of rate and round trip',
  );
  console.log(table.toString());
}
