import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { pipeline } from 'node:stream';
import { createGzip } from 'node:zlib';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

/** The file that a request asks for, or null. */
async function fileOf(folder, base, url) {
  const { pathname } = new URL(url, 'http://localhost');
  if (!pathname.startsWith(base)) return null;
  const path = normalize(`/${decodeURIComponent(pathname.slice(base.length))}`);
  const file = join(folder, path.endsWith('/') ? `${path}index.html` : path);
  const found = await stat(file).catch(() => null);
  return found?.isFile() ? file : null;
}

/**
 * Serves a folder on loopback, compressed as static hosts do.
 *
 * @param options - `base`: the path of its top, with a slash at both ends; `port`: 0 for any
 */
export async function serveFolder(folder, { base, port }) {
  const server = createServer(async (request, response) => {
    const file = await fileOf(folder, base, request.url ?? '/').catch(() => null);
    if (file === null) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('not found');
      return;
    }
    const type = TYPES[extname(file)] ?? 'application/octet-stream';
    response.writeHead(200, { 'content-type': type, 'content-encoding': 'gzip' });
    pipeline(createReadStream(file), createGzip(), response, () => {});
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return { url: `http://127.0.0.1:${address.port}${base}`, close: () => server.close() };
}
