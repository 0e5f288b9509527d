/**
 * Presence over datagrams: greetings tell who is there, and keep NATs and direct paths open. Anybody can send
 * them, so they only are hints; who somebody is shows when TLS has checked the fingerprint.
 */
import { SocketAddress } from 'node:net';
import { safeParse } from 'secure-json-parse';

const PORT = 50_006;
const [TICK, GREETING, AWAY, OFFLINE] = [500, 5_000, 12_000, 30_000];
const [MOST_CONTACTS, LONGEST_NAME, LONGEST_FINGERPRINT] = [100, 30, 69];

/** Removes what would move the cursor, change colors or reverse text. */
export const printable = (text) => (typeof text === 'string' ? text.replace(/\p{C}/gu, '') : '?');

/**
 * Greets with `own`, a name and a fingerprint. Calls `onPresence(contact)` when its presence changes, and
 * `onTick(contact)` twice a second while it is online. Only called contacts have a `fingerprint`.
 */
export function openContacts(socket, own, onPresence, onTick) {
  const all = new Map();
  function contactAt(address) {
    const fresh = { address, name: address, presence: 'silent', seenAt: Date.now(), waiting: [] };
    return all.get(address) ?? all.set(address, fresh).get(address);
  }
  function greet(contact, isLast = false) {
    contact.sentAt = Date.now();
    // A lost one is followed by others.
    socket.send(JSON.stringify({ ...own, isLast }), PORT, contact.address, () => {});
    return contact;
  }
  /** Updates the presence of a contact, and greets it when that is due. */
  function update(contact, reported = contact.presence) {
    const silence = Date.now() - contact.seenAt;
    const presence =
      silence > OFFLINE ? 'offline' : reported === 'online' && silence > AWAY ? 'away' : reported;
    if (presence !== contact.presence) onPresence(Object.assign(contact, { presence }));
    if (presence === 'offline' && !contact.fingerprint) all.delete(contact.address);
    if (!(Date.now() - contact.sentAt < GREETING)) greet(contact);
    if (presence === 'online') onTick(contact);
  }
  socket.bind(PORT).on('message', (bytes, { address }) => {
    const received = safeParse(bytes);
    if (!received || (all.size >= MOST_CONTACTS && !all.has(address))) return;
    const contact = Object.assign(contactAt(address), { seenAt: Date.now() });
    contact.name = printable(received.name).slice(0, LONGEST_NAME);
    contact.claimed = printable(received.fingerprint).slice(0, LONGEST_FINGERPRINT);
    if (!received.isLast && contact.presence !== 'online') greet(contact);
    update(contact, received.isLast ? 'offline' : 'online');
  });
  const timer = setInterval(() => [...all.values()].map((contact) => update(contact)), TICK);
  socket.on('close', () => clearInterval(timer));

  const withKey = (fingerprint) => [...all.values()].find((one) => one.fingerprint === fingerprint);

  /** The contact with a fingerprint, which is at this address now, and greeted even without an answer. */
  function call(fingerprint, text) {
    const { address } = new SocketAddress({ address: text, family: 'ipv6' });
    const known = withKey(fingerprint);
    const isAnother = known ? known.address !== address : all.get(address)?.fingerprint;
    if (isAnother) all.delete(address);
    if (known && isAnother) all.delete(known.address);
    if (known) all.set(address, Object.assign(known, { address }));
    return greet(Object.assign(contactAt(address), { fingerprint }));
  }
  return { all, call, withKey, leave: () => [...all.values()].map((one) => greet(one, true)) };
}
