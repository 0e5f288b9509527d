/** One who takes part: a tunnel, contacts and documents over it, and the lines that can be typed. */
import { openTunnel } from '@6bed4/node';
import { SingleBar } from 'cli-progress';
import pico from 'picocolors';
import { openContacts, printable } from './contacts.mjs';
import { describe, fetchDocument, serveDocuments } from './documents.mjs';

const PORT = 50_007;
const BAR = { barsize: 20, noTTYOutput: true, notTTYSchedule: 200 };
const FORMAT = '{name} [{bar}] {percentage} % of {total} bytes, {eta} s left';
const HELP = '/call ADDRESS, /send FILE, /cancel, /who, /quit, or what you have to say';

/** `view` shows lines and draws a progress bar; documents have `limit` bytes at most. */
export async function participate(view, { routers, name, folder, limit }) {
  const tunnel = await openTunnel({ routers });
  const contacts = openContacts(tunnel.createSocket('udp6'), name, tell, hear);
  const offers = new Map();
  let partner;
  let running = new AbortController();
  let fetching = Promise.resolve();

  function tell({ name, presence, address }) {
    const path = tunnel.path(address)?.path ?? 'unknown';
    view.show(`${pico.cyan(name)} is ${pico.bold(presence)}, path ${path}, ${pico.dim(address)}`);
  }
  function hear(contact, content) {
    partner ??= contact;
    const { offer } = content ?? {};
    if (offer) fetching = fetching.then(() => receive(contact, offer));
    else view.show(`${pico.cyan(contact.name)}: ${printable(content)}`);
  }
  tunnel.on('path', ({ remote }) => contacts.all.has(remote) && tell(contacts.all.get(remote)));
  tunnel.on('address', ({ address }) => view.show(`you are at ${pico.bold(address)} now`));

  /** Runs a transfer, whose bytes move a progress bar; says why, should it fail. */
  async function transfer({ name, size }, work) {
    const stream = { write: (text) => view.draw(text.trim()) };
    const bar = new SingleBar({ ...BAR, format: FORMAT, stream });
    const counted = (source, start) => {
      bar.start(size, start, { name: printable(name) });
      return source.on('data', (chunk) => bar.increment(chunk.length));
    };
    const failed = ({ message }) => `${message}; sent again, it goes on where it stopped`;
    const outcome = await work(counted, running.signal).catch(failed);
    bar.stop();
    view.draw('');
    view.show(`${printable(name)}: ${outcome ?? 'sent'}`);
  }

  function receive(contact, offer) {
    if (!contact.trusted) return contacts.say(contact, 'No documents from strangers.');
    const connect = () => tunnel.connect({ host: contact.address, port: PORT });
    return transfer(offer, async (...told) => {
      const path = await fetchDocument(offer, { folder, limit, connect }, ...told);
      contacts.say(contact, `(SHA-256 verified: ${offer.name})`);
      return `SHA-256 verified, saved as ${path}`;
    });
  }
  const http = serveDocuments((sha256, address) => offers.get(`${sha256} ${address}`), transfer);
  tunnel.createServer((stream) => http.emit('connection', stream)).listen(PORT);

  const commands = {
    call(address) {
      partner = contacts.call(address);
    },
    say: (text) => contacts.say(contacts.call(partner.address), text),
    async send(path) {
      const [{ address }, offer] = [contacts.call(partner.address), await describe(path)];
      offers.set(`${offer.sha256} ${address}`, { ...offer, path });
      contacts.say(contacts.call(address), { offer });
    },
    cancel() {
      running.abort();
      running = new AbortController();
    },
    who: () => contacts.all.forEach(tell),
    async quit() {
      contacts.close();
      await tunnel.close();
    },
  };
  view.show(`you are at ${pico.bold(tunnel.address)}; ${HELP}`);

  /** Does what a line says. */
  async function obey(line) {
    const [, command, rest] = /^\/(\w+) *(.*)$/.exec(line.trim()) ?? [null, 'say', line];
    try {
      if (!Object.hasOwn(commands, command)) throw new Error(HELP);
      await commands[command](rest);
    } catch (error) {
      view.show(error.message);
    }
  }
  return { address: tunnel.address, obey };
}
