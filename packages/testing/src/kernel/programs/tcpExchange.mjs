// Exchanges data on three TCP connections at once, the first in both directions, the others in one each, until
// SIGTERM. Every byte depends on its position and is compared. Takes the word `listen` and a port, or an address and
// a port. Prints one line of JSON for each connection at its end: bytes sent and received, and the position of the
// first 64 KiB with a wrong one.
import { createCipheriv } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { Readable } from 'node:stream';

const [address, port] = process.argv.slice(2);
const isListening = address === 'listen';
const CHUNK = 65_536;
const ZEROS = Buffer.alloc(CHUNK);
/** Who sends on each connection. */
const CONNECTIONS = ['both', 'connecting', 'listening'];
const ROLE = isListening ? 'listening' : 'connecting';

let stopped = false;
process.once('SIGTERM', () => (stopped = true));

/** Returns the next bytes, at most 64 KiB at once. */
function contentOf(connection, from) {
  const key = Buffer.alloc(16, `${connection} ${from}`);
  const stream = createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
  return (length) => stream.update(ZEROS.subarray(0, length));
}

function exchange(socket, index) {
  const other = isListening ? 'connecting' : 'listening';
  const expected = contentOf(index, other);
  const result = { connection: index, sent: 0, received: 0, wrongAt: null };
  socket.on('data', (chunk) => {
    for (let at = 0; at < chunk.length; at += CHUNK) {
      const part = chunk.subarray(at, at + CHUNK);
      if (!expected(part.length).equals(part)) result.wrongAt ??= result.received;
      result.received += part.length;
    }
  });
  socket.on('error', (error) => {
    console.error(error.message);
    process.exit(1);
  });
  socket.on('close', () => console.log(JSON.stringify(result)));
  const sends = CONNECTIONS[index] === 'both' || CONNECTIONS[index] === ROLE;
  const next = contentOf(index, ROLE);
  function* content() {
    while (sends && !stopped) {
      result.sent += CHUNK;
      yield next(CHUNK);
    }
  }
  Readable.from(content()).pipe(socket);
}

if (isListening) {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    // The first byte tells which connection it is.
    socket.once('readable', () => {
      const [index] = socket.read(1);
      exchange(socket, index);
    });
  });
  server.listen(Number(port), '::', () => console.log('listening'));
  process.once('SIGTERM', () => server.close());
} else {
  for (const index of CONNECTIONS.keys()) {
    const socket = connect({ host: address, port: Number(port), allowHalfOpen: true });
    socket.write(Uint8Array.of(index));
    exchange(socket, index);
  }
}
