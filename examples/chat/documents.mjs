/** Documents over any reliable stream: an offer, where to go on, the bytes, a verdict. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';

const LONGEST_LINE = 4096;

export async function sha256Of(path) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function readLine(stream) {
  let read = Buffer.alloc(0);
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    read = Buffer.concat([read, chunk]);
    const end = read.indexOf('\n');
    if (end < 0 && read.length <= LONGEST_LINE) continue;
    stream.unshift(read.subarray(end + 1));
    return JSON.parse(read.subarray(0, end));
  }
  throw new Error('interrupted');
}

const writeLine = (stream, value) => stream.write(`${JSON.stringify(value)}\n`);

/** The bytes from `from` to `size`; what comes after them stays in the source. */
async function* bytesOf(source, from, size, progress) {
  let position = from;
  for await (const chunk of source) {
    position += chunk.length;
    if (position > size) throw new Error('more bytes than announced');
    yield chunk;
    progress(position, size);
    if (position === size) return;
  }
  throw new Error('interrupted');
}

/** Sends a document, or what the other side lacks of it; throws unless all of it is there in the end. */
export async function sendDocument(stream, path, progress) {
  const { size } = await stat(path);
  const answer = async () => {
    const { refused, from } = await readLine(stream);
    if (refused !== undefined) throw new Error(`refused: ${refused}`);
    return from;
  };
  writeLine(stream, { name: basename(path), size, sha256: await sha256Of(path) });
  const from = await answer();
  progress(from, size);
  // The verdict comes early when the other side cannot go on.
  const verdict = answer();
  if (from < size) {
    const source = createReadStream(path, { start: from });
    const sent = pipeline(bytesOf(source, from, size, progress), stream, { end: false });
    await Promise.race([verdict, sent]);
  }
  await verdict;
}

/** Takes a document in, and returns where it is; what came before an interruption is kept for next time. */
export async function receiveDocument(stream, downloads, progress) {
  try {
    const { name, size, sha256 } = await readLine(stream);
    const { part, from } = await downloads.begin(name, size, sha256);
    writeLine(stream, { from });
    progress(from, size, name);
    if (from < size) {
      const source = stream.iterator({ destroyOnReturn: false });
      const file = createWriteStream(part, { flags: 'r+', start: from });
      await pipeline(bytesOf(source, from, size, progress), file);
    }
    const path = await downloads.finish(part, name, sha256);
    writeLine(stream, {});
    stream.end();
    return path;
  } catch (error) {
    if (stream.writable) writeLine(stream, { refused: error.message });
    stream.end();
    throw error;
  }
}
