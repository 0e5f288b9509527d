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

const LONGEST_NAME = 60;

/** What others are told of a document. */
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

/** Serves, from any byte on, what `find` has for a path and for who asks; `transfer` runs the rest. */
export const serveDocuments = (find, transfer) =>
  createServer((request, response) => {
    const { path, name, size } = find(request.url, request.socket.remoteAddress) ?? {};
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range)?.[1]);
    if (!(start < size)) return response.writeHead(404).end();
    response.writeHead(206, { 'content-length': size - start });
    return transfer(name, size, (counted, signal) => {
      const source = createReadStream(path, { start, end: size - 1 });
      return pipeline(counted(source, start), response, { signal });
    });
  });

/** Fetches what a folder lacks of a document, checks it, and returns its path. Nothing is overwritten. */
export async function fetchDocument(offer, { folder, limit, connect }, counted, signal) {
  const { name, size, sha256 } = offer;
  if (!(size <= limit && /^[0-9a-f]{64}$/.test(sha256))) throw new Error(`above ${limit} bytes`);
  await mkdir(folder, { recursive: true });
  const part = join(folder, `.${sha256}.part`);
  await appendFile(part, '');
  const { size: start } = await stat(part);
  if (start < size) {
    const headers = { range: `bytes=${start}-` };
    const request = get({ path: `/${sha256}`, headers, createConnection: connect, signal });
    const [response] = await once(request, 'response');
    // HTTP sees to it that not more comes than was announced.
    const isRight = Number(response.headers['content-length']) === size - start;
    if (!isRight) throw request.destroy() && new Error('not on offer');
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
