/** Documents over HTTP, named by their SHA-256. Who was offered one fetches what it lacks of it. */
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { appendFile, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, get } from 'node:http';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { hashFile } from 'hasha';
import sanitize from 'sanitize-filename';
import { unusedFilename } from 'unused-filename';
import { printable } from './contacts.mjs';

const [LONGEST_NAME, SILENCE] = [60, 10_000];

/** What others are told of a document when it is offered. */
export async function describe(path) {
  const [{ size }, sha256] = [await stat(path), await hashFile(path, { algorithm: 'sha256' })];
  return { name: basename(path), size, sha256 };
}

/** A name without folders, leading dots, and whatever some system does not allow in names. */
export function safeName(name) {
  const visible = printable(name)
    .slice(-LONGEST_NAME)
    .replace(/^[.\s]+/, '');
  return sanitize(visible, { replacement: '_' }) || 'document';
}

/** Serves documents from any byte on: `find` looks one up, and `transfer` runs what it is given. */
export function serveDocuments(find, transfer) {
  const server = createServer((request, response) => {
    const document = find(request.url.slice(1), request.socket.remoteAddress);
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range)?.[1]);
    if (!(start < document?.size)) return response.writeHead(404).end();
    const { path, size } = document;
    response.writeHead(206, { 'content-length': size - start });
    const source = () => createReadStream(path, { start, end: size - 1 });
    return transfer(document, (counted, signal) =>
      pipeline(counted(source(), start), response, { signal }),
    );
  });
  return server.setTimeout(SILENCE);
}

/** Fetches what a folder lacks of an offer, checks it, and returns its path. Nothing is overwritten. */
export async function fetchDocument(offer, { folder, limit, connect }, counted, signal) {
  const { name, size, sha256 } = offer;
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw new Error('no SHA-256');
  if (!(size <= limit)) throw new Error(`more than ${limit} bytes`);
  await mkdir(folder, { recursive: true });
  const part = join(folder, `.${sha256}.part`);
  await appendFile(part, '');
  const { size: start } = await stat(part);
  if (start < size) {
    const options = { path: `/${sha256}`, headers: { range: `bytes=${start}-` }, signal };
    const request = get({ ...options, createConnection: connect, timeout: SILENCE });
    request.on('timeout', () => request.destroy(new Error('silence')));
    const [response] = await once(request, 'response');
    const length = Number(response.headers['content-length']);
    if (length !== size - start) throw new Error('not on offer');
    await pipeline(counted(response, start), createWriteStream(part, { flags: 'a' }));
  }
  if ((await describe(part)).sha256 !== sha256) {
    await rm(part);
    throw new Error('its SHA-256 is another one');
  }
  const path = await unusedFilename(join(folder, safeName(name)));
  await writeFile(path, '', { flag: 'wx' });
  await rename(part, path);
  return path;
}
