/** Documents over HTTP, named by their SHA-256. Who was offered one fetches what it lacks of it. */
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { appendFile, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, get } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { hashFile } from 'hasha';
import sanitize from 'sanitize-filename';
import { unusedFilename } from 'unused-filename';
import { printable } from './contacts.mjs';

export const sha256Of = (path) => hashFile(path, { algorithm: 'sha256' });

/** A visible name without folders and without whatever some system does not allow in names. */
export const safeName = (name) =>
  sanitize(printable(name).slice(-60), { replacement: '_' }).replace(/^[.\s]/, '_') || 'document';

/** Serves, from any byte on, what `find` has for a path and for who asks; `transfer` runs the rest. */
export const serveDocuments = (find, transfer) =>
  createServer((request, response) => {
    const { path, name, size } = find(request.url, request.socket.remoteAddress) ?? {};
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range)?.[1]);
    if (!(start < size)) return response.writeHead(404).end();
    response.writeHead(206, { 'content-length': size - start });
    return transfer(name, size, (meter, signal) =>
      pipeline(meter(createReadStream(path, { start, end: size - 1 }), start), response, {
        signal,
      }),
    );
  });

/** Fetches what a folder lacks of a document, checks it, and returns its path. Nothing is overwritten. */
export async function fetchOffer(offer, { folder, limit, createConnection }, meter, signal) {
  const { name, size, sha256 } = offer;
  if (!(size <= limit && /^[0-9a-f]{64}$/.test(sha256))) throw new Error(`above ${limit} bytes`);
  await mkdir(folder, { recursive: true });
  const part = join(folder, `.${sha256}.part`);
  await appendFile(part, '');
  const { size: start } = await stat(part);
  if (start < size) {
    const headers = { range: `bytes=${start}-` };
    const request = get({ path: `/${sha256}`, headers, createConnection, signal });
    request.on('error', () => {}); // the response fails too
    const [response] = await once(request, 'response');
    // HTTP sees to it that not more comes than was announced.
    const isOffered = Number(response.headers['content-length']) === size - start;
    if (!isOffered) throw request.destroy() && new Error('not on offer');
    await pipeline(meter(response, start), createWriteStream(part, { flags: 'a' }));
  }
  const isRight = (await sha256Of(part)) === sha256;
  if (!isRight) await rm(part);
  if (!isRight) throw new Error('its SHA-256 is another one');
  const path = await unusedFilename(join(folder, safeName(name)));
  await writeFile(path, '', { flag: 'wx' });
  await rename(part, path);
  return path;
}
