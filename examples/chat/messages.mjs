/** Messages over HTTPS: in order, each one repeated until the other side has acknowledged it. */
import { once } from 'node:events';
import { safeParse } from 'secure-json-parse';

const PATIENCE = 10_000;
const PAUSE = 2_000;
const LONGEST = 4_000;
/** Numbers begin above those of any earlier run, so that a message shows once. */
let lastId = Date.now();

/** Puts a message behind those that wait for the contact. */
export function enqueue(contact, content) {
  const body = JSON.stringify({ id: ++lastId, content });
  const length = Buffer.byteLength(body);
  if (length > LONGEST) throw new Error(`${length} bytes; ${LONGEST} fit`);
  contact.waiting.push(body);
}

/** Sends what waits, by `request(options)`, unless that is going on or has just failed. */
export async function deliver(contact, request) {
  if (contact.isBusy || Date.now() - contact.failedAt < PAUSE) return;
  contact.isBusy = true;
  try {
    while (contact.waiting.length > 0) {
      const options = { method: 'POST', path: '/', signal: AbortSignal.timeout(PATIENCE) };
      const [response] = await once(request(options).end(contact.waiting[0]), 'response');
      response.resume();
      if (response.statusCode !== 204) throw new Error(`status ${response.statusCode}`);
      contact.waiting.shift();
    }
  } catch (error) {
    contact.failedAt = Date.now();
    throw error;
  } finally {
    contact.isBusy = false;
  }
}

/** Answers a request with a message of a contact, and returns its content; undefined if it is none or came before. */
export async function accept(request, response, contact) {
  let body = '';
  for await (const piece of request.setEncoding('utf8')) {
    body += piece;
    if (body.length > LONGEST) throw request.destroy();
  }
  const message = safeParse(body);
  const isValid = Number.isInteger(message?.id);
  response.writeHead(isValid ? 204 : 400).end();
  if (!isValid || message.id <= contact.got) return undefined;
  contact.got = message.id;
  return message.content;
}
