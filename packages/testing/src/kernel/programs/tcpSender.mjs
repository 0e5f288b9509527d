// Sends a number of pseudo-random bytes to an address and port; prints their length and SHA-256. With
// a rate in bytes a second it sends that fast, and ends early and in order on SIGTERM.
import { createCipheriv, createHash } from 'node:crypto';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';

const [address, port, length, rate] = process.argv.slice(2);
const CHUNKS_PER_SECOND = 20;
const chunkLength = rate === undefined ? 65_536 : Math.ceil(Number(rate) / CHUNKS_PER_SECOND);
const pause = rate === undefined ? 0 : 1000 / CHUNKS_PER_SECOND;

const hash = createHash('sha256');
const stream = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16));
let stopped = false;
if (rate !== undefined) process.once('SIGTERM', () => (stopped = true));

async function* content() {
  for (let left = Number(length); left > 0 && !stopped; left -= chunkLength) {
    const chunk = stream.update(Buffer.alloc(Math.min(left, chunkLength)));
    hash.update(chunk);
    yield chunk;
    if (pause > 0) await setTimeout(pause);
  }
}

const socket = connect(Number(port), address);
Readable.from(content()).pipe(socket);
socket.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
socket.on('close', () => {
  console.log(JSON.stringify({ bytes: socket.bytesWritten, sha256: hash.digest('hex') }));
});
socket.resume();
