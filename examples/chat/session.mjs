/** One participant: a tunnel, contacts, messages and documents over it, and the lines that are typed. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import https from 'node:https';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import {
  createHttpsAgent,
  createIdentity,
  loadIdentity,
  normalizeFingerprint,
  openTunnel,
  remoteFingerprint,
} from '@6bed4/node';
import { SingleBar } from 'cli-progress';
import pico from 'picocolors';
import { openContacts, printable } from './contacts.mjs';
import { fetchOffer, serveDocuments, sha256Of } from './documents.mjs';
import { accept, deliver, enqueue } from './messages.mjs';

const PORT = 50_007;
const FORMAT = '{name} [{bar}] {percentage} % of {total} bytes, {eta} s left';
const BAR = { format: FORMAT, barsize: 20, noTTYOutput: true, notTTYSchedule: 200 };
const HELP = '/call FINGERPRINT@ADDRESS, /send FILE, /cancel, /who, /quit, or what you have to say';

/** The identity in a file, which is made if it is not there. */
async function openIdentity(file) {
  const pem = await readFile(file, 'utf8').catch(({ code }) => {
    if (code !== 'ENOENT') throw new Error(`${file}: ${code}`);
  });
  if (pem !== undefined) return loadIdentity(pem);
  const identity = createIdentity();
  await writeFile(file, identity.toPem(), { mode: 0o600, flag: 'wx' });
  return identity;
}

/**
 * The key of `identity` is in a file of that name. Documents go into `folder` and have `limit` MB at most. Tests give an
 * `environment`, in place of this computer.
 */
export async function openSession(input, output, settings) {
  const { router, name, identity: file, folder, limit, environment } = settings;
  const identity = await openIdentity(file);
  const { fingerprint } = identity;
  const tunnel = await openTunnel({ routers: router, environment });
  const lines = createInterface({ input, output: output.isTTY ? output : undefined });
  const contacts = openContacts(
    tunnel.createSocket('udp6'),
    { name, fingerprint },
    report,
    (contact) => deliver(contact, requestTo(contact)).catch((error) => failed(contact, error)),
  );
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
  function report({ name, presence, address, fingerprint, claimed }) {
    const path = tunnel.path(address)?.path ?? 'unknown';
    const who = `${fingerprint ?? claimed}@${address}`;
    const isCalled = fingerprint ? '' : ', not called yet';
    show(`${pico.cyan(name)} is ${pico.bold(presence)}${isCalled}, path ${path}, ${who}`);
  }
  /** Other errors pass: messages wait. */
  function failed(contact, { code }) {
    if (code !== 'DEPTH_ZERO_SELF_SIGNED_CERT' || contact.isWrong) return;
    show(`${contact.name} at ${contact.address} has ANOTHER KEY; nothing was sent`);
    contact.isWrong = true;
  }
  const ownCard = () => pico.bold(`${fingerprint}@${tunnel.address}`);
  tunnel.on('path', ({ remote }) => contacts.all.has(remote) && report(contacts.all.get(remote)));
  tunnel.on('address', () => show(`you are ${ownCard()} now`));
  show(`you are ${ownCard()}; ${HELP}`);

  const agent = createHttpsAgent(tunnel, { keepAlive: true });
  /** Makes HTTPS requests that nobody answers but the one with the key of the contact. */
  const requestTo = (contact) => (options) => {
    const pinned = identity.clientOptions(contact.fingerprint);
    return https.request({ host: contact.address, port: PORT, agent, ...pinned, ...options });
  };
  const find = ({ url, socket }) => offers.get(remoteFingerprint(socket) + url);
  const serve = serveDocuments(find, transfer);
  const server = https.createServer(identity.serverOptions([]), (request, response) => {
    const contact = contacts.withKey(remoteFingerprint(request.socket));
    if (request.method !== 'POST') return serve(request, response);
    return accept(request, response, contact).then(
      (content) => receive(contact, content),
      () => {},
    );
  });
  tunnel.createServer((socket) => server.emit('connection', socket)).listen(PORT);

  /** The contact of a card; only those who were called can connect. */
  function call(card) {
    const [, fingerprint, address] = /^([^@]+)@(.+)$/.exec(card) ?? [];
    if (!fingerprint) throw new Error('found no FINGERPRINT@ADDRESS');
    const contact = contacts.call(normalizeFingerprint(fingerprint), address);
    const called = [...contacts.all.values()].map(({ fingerprint }) => fingerprint);
    server.setSecureContext(identity.serverOptions(called.filter(Boolean)));
    return contact;
  }

  /** Runs a transfer with a progress bar, and shows its outcome. */
  async function transfer(name, size, run) {
    const bar = new SingleBar({ ...BAR, stream: { write: (text) => text !== '\n' && draw(text) } });
    const counted = (source, start) => {
      bar.start(size, start, { name });
      return source.on('data', (chunk) => bar.increment(chunk.length));
    };
    const stopped = ({ message }) => `${message}; sent again, it goes on where it stopped`;
    const outcome = await run(counted, running.signal).catch(stopped);
    bar.stop();
    draw('');
    show(`${name}: ${outcome ?? 'sent'}`);
  }

  function say(contact, content) {
    enqueue(contact, content);
    if (contact.presence !== 'online') return;
    deliver(contact, requestTo(contact)).catch((error) => failed(contact, error));
  }
  async function offer(contact, path) {
    const [name, { size }, sha256] = [basename(path), await stat(path), await sha256Of(path)];
    offers.set(`${contact.fingerprint}/${sha256}`, { path, name, size });
    say(contact, { offer: { name, size, sha256 } });
  }
  function fetchDocument(contact, offer) {
    const get = (options) => requestTo(contact)(options).end();
    return transfer(printable(offer.name), offer.size, async (...progress) => {
      const path = await fetchOffer(offer, { folder, limit: limit * 1e6, get }, ...progress);
      say(contact, '(has it, SHA-256 verified)');
      return `SHA-256 verified, saved as ${path}`;
    });
  }
  function receive(contact, content) {
    if (content === undefined) return;
    partner ??= contact;
    if (content?.offer) fetching = fetching.then(() => fetchDocument(contact, content.offer));
    else show(`${pico.cyan(contact.name)}: ${printable(content)}`);
  }

  async function runCommand(line) {
    const [, command, rest] = /^(\/\S+) *(.*)$/.exec(line) ?? [];
    if (command === '/quit') lines.close();
    else if (command === '/call') partner = call(rest);
    else if (command === '/who') contacts.all.forEach(report);
    else if (command === '/cancel') running = running.abort() ?? new AbortController();
    else if (!partner || (command && command !== '/send')) show(HELP);
    else if (command) await offer(partner, rest);
    else say(partner, line);
  }
  lines.on('line', (line) => runCommand(line).catch(({ message }) => show(message)));
  lines.on('close', () => contacts.leave());
  lines.on('close', () => {
    agent.destroy();
    tunnel.close().then(() => input.destroy());
  });
  return { lines, card: `${fingerprint}@${tunnel.address}`, address: tunnel.address };
}
