/** One participant: a tunnel, contacts and documents over it, and the lines that can be typed. */
import { openTunnel } from '@6bed4/node';
import pico from 'picocolors';
import { Contacts, MESSAGE_PORT } from './contacts.mjs';
import { describe, receiveDocument, refuse, sendDocument } from './documents.mjs';
import { Downloads } from './downloads.mjs';
import { createBar } from './views.mjs';

const DOCUMENT_PORT = 50_007;
const SILENCE = 20_000;
const HELP = '/call ADDRESS, /send FILE, /cancel, /who, /quit, or what you have to say';

/** `limit` is in bytes; after `away` milliseconds without a line, the others are told so. */
export async function openSession(view, tunnelOptions, { name, folder, limit, away }) {
  const tunnel = await openTunnel(tunnelOptions);
  const contacts = new Contacts(tunnel.createSocket('udp6').bind(MESSAGE_PORT), name);
  const downloads = new Downloads(folder, limit);
  const streams = new Set();
  const idle = setTimeout(() => contacts.setAway(true), away).unref();
  let partner;

  function tell({ name, presence, address }) {
    const path = tunnel.path(address)?.path ?? 'unknown';
    view.show(`${pico.cyan(name)} is ${pico.bold(presence)}, path ${path}, ${pico.dim(address)}`);
  }
  contacts.on('presence', tell);
  contacts.on('message', (contact, text) => {
    partner ??= contact;
    view.show(`${pico.cyan(contact.name)}: ${text}`);
  });
  tunnel.on('path', ({ remote }) => contacts.get(remote) && tell(contacts.get(remote)));
  tunnel.on('address', ({ address }) => view.show(`you are at ${pico.bold(address)} now`));

  /** Runs a transfer under a progress bar, and tells how it ended. */
  async function transfer(stream, title, work) {
    streams.add(stream);
    stream.on('error', () => {}).setTimeout(SILENCE, () => stream.destroy(new Error('silence')));
    const bar = createBar(view, title);
    try {
      bar.stop(await work(bar.update));
    } catch (error) {
      bar.stop(`${error.message}; send it again to go on where it stopped`);
    }
    streams.delete(stream);
    stream.destroySoon();
  }

  const server = tunnel.createServer((stream) => {
    const { trusted, name } = contacts.get(stream.remoteAddress) ?? {};
    if (!trusted) refuse(stream, 'not from strangers');
    else transfer(stream, `from ${name}`, (progress) => receiveDocument(stream, downloads, progress));
  });
  server.on('error', (error) => view.show(`no documents: ${error.message}`)).listen(DOCUMENT_PORT);

  const commands = {
    call(address) {
      partner = contacts.call(address);
    },
    async send(path) {
      const offer = await describe(path);
      const stream = tunnel.connect({ host: partner.address, port: DOCUMENT_PORT });
      transfer(stream, `to ${partner.name}`, (progress) => sendDocument(stream, path, offer, progress));
    },
    who: () => contacts.list().forEach(tell),
    cancel() {
      for (const stream of streams) stream.destroy(new Error('cancelled'));
    },
  };
  async function obey(line) {
    idle.refresh();
    contacts.setAway(false);
    const [, command = 'say', argument] = /^\/(\w+)\s*(.*?)\s*$/.exec(line) ?? [];
    try {
      ...
    } catch (error) {
      view.show(error.message);
    }
  }
  ...
