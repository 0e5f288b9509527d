import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import {
  type ClientRequest,
  createServer,
  get,
  type IncomingMessage,
  type RequestOptions,
  type Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { fc, test } from '@fast-check/vitest';
import { afterEach, beforeEach, describe, expect } from 'vitest';
// @ts-expect-error the example is plain JavaScript
import * as documents from '../documents.mjs';

const { fetchOffer, safeName, serveDocuments } = documents;

const LIMIT = 1 << 20;

let home: string;
let folder: string;
let server: Server | null = null;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), '6bed4-chat-documents-'));
  folder = join(home, 'downloads');
});

afterEach(async () => {
  server?.close();
  server?.closeAllConnections();
  server = null;
  await rm(home, { recursive: true });
});

const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const counted = (source: Readable): Readable => source;

/** Fetches a document over plain HTTP from a temporary server. */
async function fetchFrom(handler: Server, offer: object): Promise<string> {
  server = handler;
  await new Promise<void>((resolve) => handler.listen(0, '127.0.0.1', resolve));
  const { port } = handler.address() as AddressInfo;
  const target = {
    folder,
    limit: LIMIT,
    get: (options: RequestOptions): ClientRequest => get({ host: '127.0.0.1', port, ...options }),
  };
  return fetchOffer(offer, target, counted, new AbortController().signal);
}

/** Serves one document and records the requested ranges. */
function serve(bytes: Buffer, ranges: (string | undefined)[] = []): Server {
  return createServer((request, response) => {
    ranges.push(request.headers.range);
    const start = Number(/\d+/.exec(request.headers.range!)![0]);
    response.writeHead(206, { 'content-length': bytes.length - start }).end(bytes.subarray(start));
  });
}

const offerOf = (name: string, bytes: Buffer) => ({
  name,
  size: bytes.length,
  sha256: sha256Of(bytes),
});

describe('a document that is fetched', () => {
  const bytes = randomBytes(100_000);

  test('is saved under its name when its SHA-256 is correct', async () => {
    const path = await fetchFrom(serve(bytes), offerOf('report.pdf', bytes));
    expect(path).toBe(join(folder, 'report.pdf'));
    expect(await readFile(path)).toEqual(bytes);
    expect(await readdir(folder)).toEqual(['report.pdf']);
  });

  test('is requested from the first missing byte on', async () => {
    await mkdir(folder);
    await writeFile(join(folder, `.${sha256Of(bytes)}.part`), bytes.subarray(0, 12_345));
    const ranges: string[] = [];
    const path = await fetchFrom(serve(bytes, ranges), offerOf('report.pdf', bytes));
    expect(ranges).toEqual(['bytes=12345-']);
    expect(await readFile(path)).toEqual(bytes);
  });

  test('is not requested when it is complete', async () => {
    await mkdir(folder);
    await writeFile(join(folder, `.${sha256Of(bytes)}.part`), bytes);
    const ranges: string[] = [];
    const path = await fetchFrom(serve(bytes, ranges), offerOf('report.pdf', bytes));
    expect(ranges).toEqual([]);
    expect(await readFile(path)).toEqual(bytes);
  });

  test('may be empty', async () => {
    const path = await fetchFrom(serve(Buffer.alloc(0)), offerOf('empty', Buffer.alloc(0)));
    expect(await readFile(path)).toEqual(Buffer.alloc(0));
  });

  test('overwrites nothing, not even through a link', async () => {
    await mkdir(folder);
    await writeFile(join(folder, 'report.pdf'), 'mine');
    await writeFile(join(home, 'precious'), 'mine');
    await symlink(join(home, 'precious'), join(folder, 'report (1).pdf'));
    const path = await fetchFrom(serve(bytes), offerOf('report.pdf', bytes));
    expect(path).toBe(join(folder, 'report (2).pdf'));
    expect(await readFile(join(folder, 'report.pdf'), 'utf8')).toBe('mine');
    expect(await readFile(join(home, 'precious'), 'utf8')).toBe('mine');
  });

  test('is removed when its SHA-256 is another one', async () => {
    const other = Buffer.from(bytes);
    other[50_000]! ^= 1;
    await expect(fetchFrom(serve(other), offerOf('report.pdf', bytes))).rejects.toThrow(
      'its SHA-256 is another one',
    );
    expect(await readdir(folder)).toEqual([]);
  });

  test('stays in its folder, whatever it is called', async () => {
    const path = await fetchFrom(serve(bytes), offerOf('../../../../etc/passwd', bytes));
    expect(path.startsWith(join(folder, '_'))).toBe(true);
    expect(await readdir(home)).toEqual(['downloads']);
  });
});

describe('a document is rejected', () => {
  const bytes = randomBytes(1000);
  const offer = offerOf('report.pdf', bytes);

  test.each([
    { size: LIMIT + 1 },
    { size: undefined },
    { size: {} },
    { sha256: undefined },
    { sha256: '../../x' },
  ])('when its offer says %o', async (more) => {
    await expect(fetchFrom(serve(bytes), { ...offer, ...more })).rejects.toThrow('above 1048576');
    expect(await readdir(home)).toEqual([]);
  });

  test('when more bytes are announced than were offered', async () => {
    const longer = createServer((_, response) => response.writeHead(206).end(Buffer.alloc(LIMIT)));
    await expect(fetchFrom(longer, offer)).rejects.toThrow('not on offer');
  });

  test('when more bytes come than were announced', async () => {
    const server = createServer((request) => {
      request.socket.end(`HTTP/1.1 206 OK\r\nContent-Length: 1000\r\n\r\n${'x'.repeat(5000)}`);
    });
    await expect(fetchFrom(server, offer)).rejects.toThrow();
    for (const name of await readdir(folder)) {
      expect((await readFile(join(folder, name))).length).toBeLessThanOrEqual(1000);
    }
  });
});

describe('served documents', () => {
  test('are those that were offered to the client, and no others', async () => {
    const path = join(home, 'report.pdf');
    const bytes = randomBytes(1000);
    await writeFile(path, bytes);
    const offer = offerOf('report.pdf', bytes);
    const requests: string[] = [];
    const find = ({ url, socket }: IncomingMessage): object | undefined => {
      requests.push(`${socket.remoteAddress} ${url}`);
      return url === `/${offer.sha256}` ? { ...offer, path } : undefined;
    };
    const transfer = (
      _name: string,
      _size: number,
      work: (counted: unknown, signal: AbortSignal) => Promise<void>,
    ): Promise<void> => work(counted, new AbortController().signal);
    const handler = createServer(serveDocuments(find, transfer));
    expect(basename(await fetchFrom(handler, offer))).toBe('report.pdf');
    expect(requests).toEqual([`127.0.0.1 /${offer.sha256}`]);
    const { port } = server!.address() as AddressInfo;
    const statusOf = async (url: string, range?: string): Promise<number> =>
      (await fetch(`http://127.0.0.1:${port}${url}`, { headers: range ? { range } : {} })).status;
    expect(await statusOf('/report.pdf', 'bytes=0-')).toBe(404);
    expect(await statusOf('/../report.pdf', 'bytes=0-')).toBe(404);
    expect(await statusOf(`/${offer.sha256}`)).toBe(404);
    expect(await statusOf(`/${offer.sha256}`, 'bytes=1000-')).toBe(404);
    expect(await statusOf(`/${offer.sha256}`, 'bytes=-5')).toBe(404);
    expect(await statusOf(`/${offer.sha256}`, 'bytes=999-')).toBe(206);
  });
});

describe('names', () => {
  test.prop([fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.jsonValue())])(
    'of any kind become names of visible files in one folder',
    (name) => {
      const safe = safeName(name);
      expect(safe).not.toBe('');
      expect(safe).not.toMatch(/[/\\\p{C}]|^\.|^\s|[. ]$/u);
      expect(Buffer.byteLength(safe)).toBeLessThan(250);
    },
  );

  test.each([
    ['report.pdf', 'report.pdf'],
    ['/etc/passwd', '_etc_passwd'],
    ['.con', '_con'],
    ['..', '_'],
    ['', 'document'],
    ['.bashrc', '_bashrc'],
    ['CON', '_'],
    ['photo\u202egpj.exe', 'photogpj.exe'],
    ['C:\\boot.ini', 'C__boot.ini'],
  ])('of %j becomes %j', (name, expected) => {
    expect(safeName(name)).toBe(expected);
  });
});
