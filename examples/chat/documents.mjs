/** Documents over HTTP, named by their SHA-256. The receiver of an offer fetches the missing bytes. */
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { appendFile, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { hashFile } from 'hasha';
import sanitize from 'sanitize-filename';
import { unusedFilename } from 'unused-filename';
import { printable } from './contacts.mjs';

export const sha256Of = (path) => hashFile(path, { algorithm: 'sha256' });

/** A visible name without folders and without characters that some system does not allow. */
export const safeName = (name) =>
  sanitize(printable(name).slice(-60), { replacement: '_' }).replace(/^[.\s]/, '_') || 'document';

/** Answers requests, from any byte on, with what `find` returns for one; `transfer` runs the rest. */
export const serveDocuments = (find, transfer) => (request, response) => {
  const { path, name, size } = find(request) ?? {};
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range)?.[1]);
  if (!(start < size)) return response.writeHead(404).end();
  response.writeHead(206, { 'content-length': size - start });
  return transfer(name, size, (meter, signal) =>
    pipeline(meter(createReadStream(path, { start, end: size - 1 }), start), response, {
      signal,
    }),
  );
};

/** Fetches the missing bytes of a document by `get(options)` into a folder, checks it, and returns its path; overwrites nothing. */
export async function fetchOffer(offer, { folder, limit, get }, meter, signal) {
  const { name, size, sha256 } = offer;
  if (!(size <= limit && /^[0-9a-f]{64}$/.test(sha256))) throw new Error(`above ${limit} bytes`);
  await mkdir(folder, { recursive: true });
  const part = join(folder, `.${sha256}.part`);
  await appendFile(part, '');
  const { size: start } = await stat(part);
  if (start < size) {
    const headers = { range: `bytes=${start}-` };
    const request = get({ path: `/${sha256}`, headers, signal });
    request.on('error', () => {}); // the response fails too
    const [response] = await once(request, 'response');
    // HTTP delivers no more than the announced length.
    const isOffered = Number(response.headers['content-length']) === size - start;
    if (!isOffered) throw request.destroy() && new Error('not on offer');
    await pipeline(meter(response, start), createWriteStream(part, { flags: 'a' }));
  }
  const isCorrect = (await sha256Of(part)) === sha256;
  if (!isCorrect) await rm(part);
  if (!isCorrect) throw new Error('its SHA-256 is another one');
  const path = await unusedFilename(join(folder, safeName(name)));
  await writeFile(path, '', { flag: 'wx' });
  await rename(part, path);
  return path;
}
