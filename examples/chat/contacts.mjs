/** Presence and messages over datagrams: each is a JSON object, and messages are repeated until they came. */
import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { SocketAddress } from 'node:net';

export const MESSAGE_PORT = 50_006;
const [TICK, HELLO_EVERY, SILENCE] = [500, 5_000, 15_000];
const [LONGEST_NAME, LONGEST_TEXT, MOST_CONTACTS] = [32, 900, 100];

/** What others wrote must not move the cursor, change colours or turn the direction of text. */
export const printable = (text) => String(text).replace(/\p{C}/gu, '');

/** Emits `presence` (contact) when somebody comes, goes or rests, and `message` (contact, text). */
export class Contacts extends EventEmitter {
  #all = new Map();
  #token = randomUUID();
  #timer = setInterval(() => this.#tick(), TICK);
  constructor(socket, name) {
    super();
    Object.assign(this, { socket, name: printable(name).slice(0, LONGEST_NAME), away: false });
    socket.on('message', (bytes, from) => this.#hear(bytes, from.address));
  }

  get = (address) => this.#all.get(address);
  list = () => [...this.#all.values()];

  /** Greets an address until it answers, and lets it send us documents from now on. */
  call(text) {
    const { address } = new SocketAddress({ address: text, family: 'ipv6' });
    const contact = this.#all.get(address) ?? this.#meet(address);
    contact.trusted = true;
    this.#send(contact, 'here');
    return contact;
  }

  say(contact, text) {
    const length = Buffer.byteLength(JSON.stringify(text));
    if (length > LONGEST_TEXT) throw new RangeError(`${length} bytes, at most ${LONGEST_TEXT} fit`);
    contact.trusted = true;
    contact.waiting.push({ id: contact.next++, text });
    if (contact.waiting.length === 1) this.#repeat(contact);
  }

  close() {
    clearInterval(this.#timer);
    for (const contact of this.#all.values()) this.#send(contact, 'bye');
  }

  #meet(address) {
    const fresh = { address, name: address, presence: 'calling', trusted: false, waiting: [], next: 1 };
    this.#all.set(address, { ...fresh, heardAt: Date.now() });
    return this.#all.get(address);
  }

  #send(contact, type, more) {
    if (type === 'here') contact.greetedAt = Date.now();
    const { name, away } = this;
    const datagram = JSON.stringify({ type, token: this.#token, name, away, ...more });
    this.socket.send(datagram, MESSAGE_PORT, contact.address, () => {}); // what is lost is repeated
  }

  #repeat = (contact) => contact.waiting[0] && this.#send(contact, 'say', contact.waiting[0]);

  #hear(bytes, address) {
    let said;
    try {
      said = JSON.parse(bytes);
    } catch {
      return;
    }
    const known = this.#all.get(address);
    if (typeof said?.token !== 'string' || (!known && this.#all.size >= MOST_CONTACTS)) return;
    const contact = known ?? this.#meet(address);
    Object.assign(contact, { heardAt: Date.now(), name: printable(said.name).slice(0, LONGEST_NAME) });
    const isNew = contact.token !== said.token;
    if (isNew) Object.assign(contact, { token: said.token, last: 0 });
    this.#is(contact, said.type === 'bye' ? 'offline' : said.away === true ? 'away' : 'online');
    if (isNew && said.type !== 'bye') this.#send(contact, 'here');
    if (said.type === 'got' && said.id === contact.waiting[0]?.id) {
      contact.waiting.shift();
      this.#repeat(contact);
    } else if (said.type === 'say' && Number.isSafeInteger(said.id)) {
      this.#send(contact, 'got', { id: said.id });
      if (said.id > contact.last) this.emit('message', contact, printable(said.text));
      contact.last = Math.max(contact.last, said.id);
    }
  }

  #is(contact, presence) {
    if (contact.presence === presence) return;
    contact.presence = presence;
    this.emit('presence', contact);
  }

  #tick() {
    for (const contact of this.#all.values()) {
      const { address, trusted, heardAt, greetedAt, presence } = contact;
      if (Date.now() - heardAt > SILENCE) this.#is(contact, 'offline');
      if (presence === 'offline' && !trusted) this.#all.delete(address);
      else if (!(Date.now() - greetedAt < HELLO_EVERY)) this.#send(contact, 'here');
      else if (presence !== 'offline') this.#repeat(contact);
    }
  }
}
