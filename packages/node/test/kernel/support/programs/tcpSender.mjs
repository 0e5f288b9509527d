// Sends a number of pseudo-random bytes to an address and port, at a rate in bytes a second if one is
// given; prints their length and SHA-256.
import { createCipheriv, createHash } from 'node:crypto';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';

const [address, port, length, rate] = process.argv.slice(2);
const CHUNK = 65_536;
const pause = rate === undefined ? 0 : (CHUNK / Number(rate)) * 1000;

const hash = createHash('sha256');
const stream = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16));

async function* content() {
  for (let left = Number(length); left > 0; left -= CHUNK) {
    const chunk = stream.update(Buffer.alloc(Math.min(left, CHUNK)));
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
