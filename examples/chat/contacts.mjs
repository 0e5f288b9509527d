/**
 * Presence and messages over datagrams. Each datagram repeats all that the other side may have missed: our
 * name, the first message without acknowledgement, and the number of the last one that we received.
 */
import { SocketAddress } from 'node:net';
import { safeParse } from 'secure-json-parse';

const PORT = 50_006;
const [REPEAT, GREETING, AWAY, OFFLINE] = [500, 5_000, 12_000, 30_000];
const [MOST_CONTACTS, LONGEST_MESSAGE, LONGEST_NAME] = [100, 900, 30];

/** Removes what would move the cursor, change colors or reverse text. */
export const printable = (text) => (typeof text === 'string' ? text.replace(/\p{C}/gu, '') : '?');

/** Calls `onPresence(contact)` when its presence changes, and `onMessage(contact, content)`. */
export function openContacts(socket, name, onPresence, onMessage) {
  const all = new Map();
  function contactAt(address) {
    // Messages are numbered from a number that no earlier run can have reached.
    const [seenAt, id] = [Date.now(), Date.now()];
    const fresh = { address, name: address, presence: 'silent', seenAt, id, got: 0, waiting: [] };
    return all.get(address) ?? all.set(address, fresh).get(address);
  }
  function send(contact, isLast = false) {
    const { waiting, got, address } = Object.assign(contact, { sentAt: Date.now() });
    // A lost one is followed by others.
    const datagram = JSON.stringify({ name, isLast, message: waiting[0], got });
    socket.send(datagram, PORT, address, () => {});
    return contact;
  }
  /** Updates the presence of a contact, and sends what is due. */
  function update(contact, reported = contact.presence) {
    const silence = Date.now() - contact.seenAt;
    const presence =
      silence > OFFLINE ? 'offline' : reported === 'online' && silence > AWAY ? 'away' : reported;
    if (presence !== contact.presence) onPresence(Object.assign(contact, { presence }));
    if (presence === 'offline' && !contact.trusted) all.delete(contact.address);
    const pause = contact.waiting[0] && presence !== 'offline' ? REPEAT : GREETING;
    if (!(Date.now() - contact.sentAt < pause)) send(contact);
  }
  socket.bind(PORT).on('message', (bytes, { address }) => {
    const received = safeParse(bytes);
    if (!received || (all.size >= MOST_CONTACTS && !all.has(address))) return;
    const { waiting, presence, got } = contactAt(address);
    const contact = Object.assign(contactAt(address), { seenAt: Date.now() });
    contact.name = printable(received.name).slice(0, LONGEST_NAME);
    const isNext = Number.isInteger(received.message?.id) && received.message.id > got;
    if (isNext) contact.got = received.message.id;
    if (waiting[0]?.id === received.got) waiting.shift();
    if (!received.isLast && (received.message || presence !== 'online')) send(contact);
    update(contact, received.isLast ? 'offline' : 'online');
    if (isNext) onMessage(contact, received.message.content);
  });
  const timer = setInterval(() => [...all.values()].map((contact) => update(contact)), REPEAT);
  socket.on('close', () => clearInterval(timer));

  /** The contact at an address; it is trusted, and greeted from now on even without an answer. */
  function call(text) {
    const { address } = new SocketAddress({ address: text, family: 'ipv6' });
    return send(Object.assign(contactAt(address), { trusted: true }));
  }
  function say(contact, content) {
    const length = Buffer.byteLength(JSON.stringify(content));
    if (length > LONGEST_MESSAGE) throw new Error(`${length} bytes; ${LONGEST_MESSAGE} fit`);
    contact.waiting.push({ id: contact.id++, content });
    send(contact);
  }
  return { all, call, say, leave: () => [...all.values()].map((contact) => send(contact, true)) };
}
