/**
 * Presence and messages over datagrams. Each tells all that the other side may have missed: who we are,
 * the first message that is not known to have arrived, and the last one that we got.
 */
import { randomUUID } from 'node:crypto';
import { SocketAddress } from 'node:net';
import { safeParse } from 'secure-json-parse';

const PORT = 50_006;
const [REPEAT, GREETING, AWAY, OFFLINE] = [500, 5_000, 12_000, 30_000];
const [MOST_CONTACTS, LONGEST_MESSAGE, LONGEST_NAME] = [100, 900, 30];

/** What others wrote must not move the cursor, change colours or turn text around. */
export const printable = (text) => String(text).replace(/\p{C}/gu, '');

/** Calls `onPresence(contact)` when somebody comes or goes, and `onMessage(contact, content)`. */
export function openContacts(socket, name, onPresence, onMessage) {
  const all = new Map();
  const token = randomUUID();

  function meet(address) {
    // Numbers of an earlier run, which may still be acknowledged, must not be ours.
    const now = Date.now();
    const fresh = { address, name: address, heardAt: now, nextId: now, got: 0, waiting: [] };
    if (!all.has(address)) all.set(address, fresh);
    return all.get(address);
  }

  function send(contact, isLast = false) {
    const { address, waiting, got } = contact;
    const datagram = JSON.stringify({ token, name, isLast, message: waiting[0], got });
    contact.sentAt = Date.now();
    // One that is lost is followed by others.
    socket.send(datagram, PORT, address, () => {});
  }

  function become(contact, presence) {
    const isNew = contact.presence !== presence;
    contact.presence = presence;
    if (isNew) onPresence(contact);
  }

  function review(contact) {
    const silence = Date.now() - contact.heardAt;
    if (silence > OFFLINE) become(contact, 'offline');
    else if (silence > AWAY && contact.presence === 'online') become(contact, 'away');
    const isGone = contact.presence === 'offline';
    const interval = contact.waiting[0] && !isGone ? REPEAT : GREETING;
    if (isGone && !contact.trusted) all.delete(contact.address);
    else if (!(Date.now() - contact.sentAt < interval)) send(contact);
  }

  socket.bind(PORT).on('message', (bytes, { address }) => {
    const heard = safeParse(bytes);
    if (!heard?.token || (all.size >= MOST_CONTACTS && !all.has(address))) return;
    const contact = meet(address);
    const isNew = contact.token !== heard.token;
    if (isNew) Object.assign(contact, { token: heard.token, got: 0 });
    if (contact.waiting[0]?.id === heard.got) contact.waiting.shift();
    const isNext = heard.message?.id > contact.got;
    if (isNext) contact.got = heard.message.id;
    contact.name = printable(heard.name).slice(0, LONGEST_NAME);
    contact.heardAt = Date.now();
    become(contact, heard.isLast ? 'offline' : 'online');
    if (!heard.isLast && (isNew || heard.message)) send(contact);
    if (isNext) onMessage(contact, heard.message.content);
  });
  const timer = setInterval(() => all.forEach(review), REPEAT);

  /** The contact at an address; it is trusted, and greeted from now on whether it answers or not. */
  function call(text) {
    const { address } = new SocketAddress({ address: text, family: 'ipv6' });
    const contact = Object.assign(meet(address), { trusted: true });
    send(contact);
    return contact;
  }

  function say(contact, content) {
    const length = Buffer.byteLength(JSON.stringify(content));
    if (length > LONGEST_MESSAGE) throw new Error(`${length} bytes; ${LONGEST_MESSAGE} fit`);
    contact.waiting.push({ id: contact.nextId++, content });
    send(contact);
  }

  function close() {
    clearInterval(timer);
    for (const contact of all.values()) send(contact, true);
  }
  return { all, call, say, close };
}
