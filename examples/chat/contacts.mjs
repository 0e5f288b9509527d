/**
 * Presence and messages over datagrams. Each tells all that the other side may have missed: who we are,
 * the first message that is not known to have arrived, and the number of the last one that we got.
 */
import { SocketAddress } from 'node:net';
import { safeParse } from 'secure-json-parse';

const PORT = 50_006;
const [REPEAT, GREETING, AWAY, OFFLINE] = [500, 5_000, 12_000, 30_000];
const [MOST_CONTACTS, LONGEST_MESSAGE, LONGEST_NAME] = [100, 900, 30];

/** What others wrote must not move the cursor, change colours or turn text around. */
export const printable = (text) => (typeof text === 'string' ? text.replace(/\p{C}/gu, '') : '?');

/** Calls `onPresence(contact)` when somebody comes or goes, and `onMessage(contact, content)`. */
export function openContacts(socket, name, onPresence, onMessage) {
  const all = new Map();
  function meet(address) {
    // Messages are numbered from a number that no earlier run can have come to.
    const [heardAt, id] = [Date.now(), Date.now()];
    const fresh = { address, name: address, presence: 'silent', heardAt, id, got: 0, waiting: [] };
    return all.get(address) ?? all.set(address, fresh).get(address);
  }
  function send(contact, isLast = false) {
    const { waiting, got, address } = Object.assign(contact, { sentAt: Date.now() });
    // One that is lost is followed by others.
    const datagram = JSON.stringify({ name, isLast, message: waiting[0], got });
    socket.send(datagram, PORT, address, () => {});
    return contact;
  }
  /** Notices what has changed about a contact, and sends what is due. */
  function review(contact, said = contact.presence) {
    const silence = Date.now() - contact.heardAt;
    const presence =
      silence > OFFLINE ? 'offline' : said === 'online' && silence > AWAY ? 'away' : said;
    if (presence !== contact.presence) onPresence(Object.assign(contact, { presence }));
    if (presence === 'offline' && !contact.trusted) all.delete(contact.address);
    const pause = contact.waiting[0] && presence !== 'offline' ? REPEAT : GREETING;
    if (!(Date.now() - contact.sentAt < pause)) send(contact);
  }
  socket.bind(PORT).on('message', (bytes, { address }) => {
    const heard = safeParse(bytes);
    if (!heard || (all.size >= MOST_CONTACTS && !all.has(address))) return;
    const { waiting, presence, got } = meet(address);
    const contact = Object.assign(meet(address), { heardAt: Date.now() });
    contact.name = printable(heard.name).slice(0, LONGEST_NAME);
    const isNext = Number.isInteger(heard.message?.id) && heard.message.id > got;
    if (isNext) contact.got = heard.message.id;
    if (waiting[0]?.id === heard.got) waiting.shift();
    if (!heard.isLast && (heard.message || presence !== 'online')) send(contact);
    review(contact, heard.isLast ? 'offline' : 'online');
    if (isNext) onMessage(contact, heard.message.content);
  });
  const timer = setInterval(() => [...all.values()].map((contact) => review(contact)), REPEAT);
  socket.on('close', () => clearInterval(timer));

  /** The contact at an address; it is trusted, and greeted from now on whether it answers or not. */
  function call(text) {
    const { address } = new SocketAddress({ address: text, family: 'ipv6' });
    return send(Object.assign(meet(address), { trusted: true }));
  }
  function say(contact, content) {
    const length = Buffer.byteLength(JSON.stringify(content));
    if (length > LONGEST_MESSAGE) throw new Error(`${length} bytes; ${LONGEST_MESSAGE} fit`);
    contact.waiting.push({ id: contact.id++, content });
    send(contact);
  }
  return { all, call, say, leave: () => [...all.values()].map((contact) => send(contact, true)) };
}
