/** One who takes part: a tunnel, contacts and documents over it, and the lines that are typed. */
import { createInterface } from 'node:readline';
import { openTunnel } from '@6bed4/node';
import { SingleBar } from 'cli-progress';
import pico from 'picocolors';
import { openContacts, printable } from './contacts.mjs';
import { describe, fetchDocument, serveDocuments } from './documents.mjs';

const PORT = 50_007;
const FORMAT = '{title} [{bar}] {percentage} % of {total} bytes, {eta} s left';
const BAR = { format: FORMAT, barsize: 20, noTTYOutput: true, notTTYSchedule: 200 };
const HELP = '/call ADDRESS, /send FILE, /cancel, /who, /quit, or what you have to say';

/** Documents go into `folder` and have `limit` bytes at most. */
export async function openSession(input, output, { routers, name, folder, limit }) {
  const tunnel = await openTunnel({ routers });
  const lines = createInterface({ input, output: output.isTTY ? output : undefined });
  const contacts = openContacts(tunnel.createSocket('udp6'), name, tell, hear);
  const offers = new Map();
  let [partner, running, fetching] = [null, new AbortController(), Promise.resolve()];

  function show(text) {
    output.write(output.isTTY ? `\r\x1b[K${text}\n` : `${text}\n`);
    lines.prompt(true);
  }
  /** The progress bar stands in the prompt. */
  function draw(bar) {
    lines.setPrompt(`${bar}> `);
    if (output.isTTY) lines.prompt(true);
    else if (bar) show(bar);
  }
  function tell({ name, presence, address }) {
    const path = tunnel.path(address)?.path ?? 'unknown';
    show(`${pico.cyan(name)} is ${pico.bold(presence)}, path ${path}, ${pico.dim(address)}`);
  }
  tunnel.on('path', ({ remote }) => contacts.all.has(remote) && tell(contacts.all.get(remote)));
  tunnel.on('address', ({ address }) => show(`you are at ${pico.bold(address)} now`));
  show(`you are at ${pico.bold(tunnel.address)}; ${HELP}`);

  /** Runs a transfer, whose bytes move a bar, and tells how it ended. */
  async function transfer(name, size, work) {
    const title = printable(name);
    const bar = new SingleBar({ ...BAR, stream: { write: (text) => draw(text.trim()) } });
    const counted = (source, start) => {
      bar.start(size, start, { title });
      return source.on('data', (chunk) => bar.increment(chunk.length));
    };
    if (running.signal.aborted) running = new AbortController();
    const failed = ({ message }) => `${message}; sent again, it goes on where it stopped`;
    const outcome = await work(counted, running.signal).catch(failed);
    bar.stop();
    draw('');
    show(`${title}: ${outcome ?? 'sent'}`);
  }
  const http = serveDocuments((path, address) => offers.get(address + path), transfer);
  tunnel.createServer((stream) => http.emit('connection', stream)).listen(PORT);

  async function offer(contact, path) {
    const document = await describe(path);
    offers.set(`${contact.address}/${document.sha256}`, { ...document, path });
    contacts.say(contact, { offer: document });
  }
  function receive(contact, offer) {
    if (!contact.trusted) return contacts.say(contact, '(takes nothing from strangers)');
    const connect = () => tunnel.connect({ host: contact.address, port: PORT, keepAlive: true });
    return transfer(offer.name, offer.size, async (...told) => {
      const path = await fetchDocument(offer, { folder, limit, connect }, ...told);
      contacts.say(contact, '(has it, SHA-256 verified)');
      return `SHA-256 verified, saved as ${path}`;
    });
  }
  function hear(contact, content) {
    partner ??= contact;
    if (content?.offer) fetching = fetching.then(() => receive(contact, content.offer));
    else show(`${pico.cyan(contact.name)}: ${printable(content)}`);
  }

  lines.on('line', async (line) => {
    const [, command, rest] = /^(\/\S+) *(.*)$/.exec(line) ?? [];
    try {
      if (command === '/quit') lines.close();
      else if (command === '/call') partner = contacts.call(rest);
      else if (command === '/who') contacts.all.forEach(tell);
      else if (command === '/cancel') running.abort();
      else if (!partner || (command && command !== '/send')) show(HELP);
      else if (command) await offer(contacts.call(partner.address), rest);
      else contacts.say(contacts.call(partner.address), line);
    } catch (error) {
      show(error.message);
    }
  });
  lines.on('close', () => {
    contacts.leave();
    tunnel.close();
    input.destroy();
  });
  return { lines, address: tunnel.address };
}
