// Accepts one TCP connection on a port and prints the length and SHA-256 of the data. With the word
// `progress` it also prints the times of arrivals, in milliseconds.
import { createHash } from 'node:crypto';
import { createServer } from 'node:net';

const [port, progress] = process.argv.slice(2);

const server = createServer((socket) => {
  const hash = createHash('sha256');
  let bytes = 0;
  socket.on('data', (chunk) => {
    bytes += chunk.length;
    hash.update(chunk);
    if (progress === 'progress') console.log(`received ${Date.now()}`);
  });
  socket.on('end', () => {
    console.log(JSON.stringify({ bytes, sha256: hash.digest('hex') }));
    socket.end();
    server.close();
  });
});
server.listen(Number(port), '::', () => console.log('listening'));
