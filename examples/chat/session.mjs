/** One participant: a tunnel, contacts and documents over it, and what can be typed. */
import { openTunnel } from '@6bed4/node';
import { SingleBar } from 'cli-progress';
import pico from 'picocolors';
import { Contacts, MESSAGE_PORT } from './contacts.mjs';
import { describe, receiveDocument, refuse, sendDocument } from './documents.mjs';
import { Downloads } from './downloads.mjs';

const DOCUMENT_PORT = 50_007;
const SILENCE = 20_000;
const HELP = '/call ADDRESS, /send FILE, /cancel, /who, /quit, or what you have to say';
const FORMAT = '{title} [{bar}] {percentage} % of {total} bytes, {eta_formatted}';

/** @param view - see views.mjs @param limit - bytes of a document @param away - ms without a line */
export async function openSession(view, tunnelOptions, { name, folder, limit, away }) {
  const tunnel = await openTunnel(tunnelOptions);
  const contacts = new Contacts(tunnel.createSocket('udp6').bind(MESSAGE_PORT), name);
  const downloads = new Downloads(folder, limit);
  const server = tunnel.createServer((stream) => receive(stream)).listen(DOCUMENT_PORT);
  const streams = new Set();
  const idle = setTimeout(() => Object.assign(contacts, { away: true }), away).unref();
  let partner;

  const tell = ({ name, presence, address }) => {
    const path = tunnel.path(address)?.path ?? 'unknown';
    view.show(`${pico.cyan(name)} is ${pico.bold(presence)}, path ${path}, ${pico.dim(address)}`);
  };
  contacts.on('presence', tell);
  tunnel.on('path', ({ remote }) => contacts.get(remote) && tell(contacts.get(remote)));
  tunnel.on('address', ({ address }) => view.show(`your address is ${address} now`));
  contacts.on('message', (contact, text) => {
    partner ??= contact;
    view.show(`${pico.cyan(contact.name)}: ${text}`);
  });

  /** Lets a document pass under a progress bar, and tells how that ended. */
  async function transfer(stream, title, work) {
    const write = (text) => view.draw(stream, text.trim());
    const time = { formatTime: (seconds) => (seconds >= 0 ? `${seconds} s left` : 'standing still') };
    const output = { stream: { write }, noTTYOutput: true, notTTYSchedule: view.interval };
    const bar = new SingleBar({ format: FORMAT, barsize: 20, ...time, ...output });
    const progress = (position, total) => {
      if (bar.isActive) bar.update(position);
      else bar.start(total, position, { title });
    };
    stream.on('error', () => {}).setTimeout(SILENCE, () => stream.destroy(new Error('silence')));
    streams.add(stream);
    let outcome;
    try {
      outcome = await work(progress);
    } catch (error) {
      outcome = `${error.message}; /send it again to go on`;
    }
    streams.delete(stream);
    stream.destroySoon();
    bar.stop();
    view.draw(stream, '');
    view.show(`${title}: ${outcome}`);
  }

  function receive(stream) {
    const from = contacts.get(stream.remoteAddress);
    if (!from?.trusted) refuse(stream, 'write to me first')
    ...
  }
