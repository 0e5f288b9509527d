/** One who takes part: a tunnel, contacts and documents over it, and the lines that are typed. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { openTunnel } from '@6bed4/streams';
import { SingleBar } from 'cli-progress';
import pico from 'picocolors';
import { openContacts, printable } from './contacts.mjs';
import { fetchOffer, serveDocuments, sha256Of } from './documents.mjs';

const PORT = 50_007;
const FORMAT = '{name} [{bar}] {percentage} % of {total} bytes, {eta} s left';
const BAR = { format: FORMAT, barsize: 20, noTTYOutput: true, notTTYSchedule: 200 };
const HELP = '/call ADDRESS, /send FILE, /cancel, /who, /quit, or what you have to say';

/** Documents go into `folder` and have `limit` MB at most. */
export async function openSession(input, output, { router, name, folder, limit }) {
  const tunnel = await openTunnel({ routers: router });
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
    lines.setPrompt(bar ? `${bar} > ` : '> ');
    if (output.isTTY) lines.prompt(true);
    else if (bar) show(bar);
  }
  function tell({ name, presence, address }) {
    const path = tunnel.path(address)?.path ?? 'unknown';
    show(`${pico.cyan(name)} is ${pico.bold(presence)}, path ${path}, ${address}`);
  }
  tunnel.on('path', ({ remote }) => contacts.all.has(remote) && tell(contacts.all.get(remote)));
  tunnel.on('address', ({ address }) => show(`you are at ${pico.bold(address)} now`));
  show(`you are at ${pico.bold(tunnel.address)}; ${HELP}`);

  /** Runs a transfer, whose bytes move a bar, and tells how it ended. */
  async function transfer(name, size, work) {
    const bar = new SingleBar({ ...BAR, stream: { write: (text) => text !== '\n' && draw(text) } });
    const counted = (source, start) => {
      bar.start(size, start, { name });
      return source.on('data', (chunk) => bar.increment(chunk.length));
    };
    const failed = ({ message }) => `${message}; sent again, it goes on where it stopped`;
    const outcome = await work(counted, running.signal).catch(failed);
    bar.stop();
    draw('');
    show(`${name}: ${outcome ?? 'sent'}`);
  }
  const http = serveDocuments((path, address) => offers.get(address + path), transfer);
  tunnel.createServer((stream) => http.emit('connection', stream)).listen(PORT);

  async function offer(contact, path) {
    const [name, { size }, sha256] = [basename(path), await stat(path), await sha256Of(path)];
    offers.set(`${contact.address}/${sha256}`, { path, name, size });
    contacts.say(contact, { offer: { name, size, sha256 } });
  }
  function receive(contact, offer) {
    if (!contact.trusted) return contacts.say(contact, '(takes nothing from strangers)');
    const remote = { host: contact.address, port: PORT, keepAlive: true };
    const place = { folder, limit: limit * 1e6, createConnection: () => tunnel.connect(remote) };
    return transfer(printable(offer.name), offer.size, async (...told) => {
      const path = await fetchOffer(offer, place, ...told);
      contacts.say(contact, '(has it, SHA-256 verified)');
      return `SHA-256 verified, saved as ${path}`;
    });
  }
  function hear(contact, content) {
    partner ??= contact;
    if (content?.offer) fetching = fetching.then(() => receive(contact, content.offer));
    else show(`${pico.cyan(contact.name)}: ${printable(content)}`);
  }

  async function obey(line) {
    const [, command, rest] = /^(\/\S+) *(.*)$/.exec(line) ?? [];
    if (command === '/quit') lines.close();
    else if (command === '/call') partner = contacts.call(rest);
    else if (command === '/who') contacts.all.forEach(tell);
    else if (command === '/cancel') running = running.abort() ?? new AbortController();
    else if (!partner || (command && command !== '/send')) show(HELP);
    else if (command) await offer(contacts.call(partner.address), rest);
    else contacts.say(contacts.call(partner.address), line);
  }
  lines.on('line', (line) => obey(line).catch(({ message }) => show(message)));
  lines.on('close', () => contacts.leave());
  lines.on('close', () => tunnel.close().then(() => input.destroy()));
  return { lines, address: tunnel.address };
}
