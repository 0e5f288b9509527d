/** One participant: a tunnel, contacts and documents over it, and the lines that are typed. */
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
  const contacts = openContacts(tunnel.createSocket('udp6'), name, report, receive);
  const offers = new Map();
  let [partner, running, fetching] = [null, new AbortController(), Promise.resolve()];

  function show(text) {
    output.write(output.isTTY ? `\r\x1b[K${text}\n` : `${text}\n`);
    lines.prompt(true);
  }
  /** Shows the progress bar in the prompt. */
  function draw(bar) {
    lines.setPrompt(bar ? `${bar} > ` : '> ');
    if (output.isTTY) lines.prompt(true);
    else if (bar) show(bar);
  }
  function report({ name, presence, address }) {
    const path = tunnel.path(address)?.path ?? 'unknown';
    show(`${pico.cyan(name)} is ${pico.bold(presence)}, path ${path}, ${address}`);
  }
  tunnel.on('path', ({ remote }) => contacts.all.has(remote) && report(contacts.all.get(remote)));
  tunnel.on('address', ({ address }) => show(`you are at ${pico.bold(address)} now`));
  show(`you are at ${pico.bold(tunnel.address)}; ${HELP}`);

  /** Runs a transfer with a progress bar, and shows its outcome. */
  async function transfer(name, size, run) {
    const bar = new SingleBar({ ...BAR, stream: { write: (text) => text !== '\n' && draw(text) } });
    const counted = (source, start) => {
      bar.start(size, start, { name });
      return source.on('data', (chunk) => bar.increment(chunk.length));
    };
    const failed = ({ message }) => `${message}; sent again, it goes on where it stopped`;
    const outcome = await run(counted, running.signal).catch(failed);
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
  function fetchDocument(contact, offer) {
    if (!contact.trusted) return contacts.say(contact, '(takes nothing from strangers)');
    const remote = { host: contact.address, port: PORT, keepAlive: true };
    const target = { folder, limit: limit * 1e6, createConnection: () => tunnel.connect(remote) };
    return transfer(printable(offer.name), offer.size, async (...progress) => {
      const path = await fetchOffer(offer, target, ...progress);
      contacts.say(contact, '(has it, SHA-256 verified)');
      return `SHA-256 verified, saved as ${path}`;
    });
  }
  function receive(contact, content) {
    partner ??= contact;
    if (content?.offer) fetching = fetching.then(() => fetchDocument(contact, content.offer));
    else show(`${pico.cyan(contact.name)}: ${printable(content)}`);
  }

  async function runCommand(line) {
    const [, command, rest] = /^(\/\S+) *(.*)$/.exec(line) ?? [];
    if (command === '/quit') lines.close();
    else if (command === '/call') partner = contacts.call(rest);
    else if (command === '/who') contacts.all.forEach(report);
    else if (command === '/cancel') running = running.abort() ?? new AbortController();
    else if (!partner || (command && command !== '/send')) show(HELP);
    else if (command) await offer(contacts.call(partner.address), rest);
    else contacts.say(contacts.call(partner.address), line);
  }
  lines.on('line', (line) => runCommand(line).catch(({ message }) => show(message)));
  lines.on('close', () => contacts.leave());
  lines.on('close', () => tunnel.close().then(() => input.destroy()));
  return { lines, address: tunnel.address };
}
