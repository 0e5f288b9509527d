// Connects from a local address to an address and port, sends a line, and prints the answer. With `answer` and a
// port, answers each line with the addresses of its connection.
import { connect, createServer } from 'node:net';

const [first, port, from] = process.argv.slice(2);

if (first === 'answer') {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => socket.end(`${socket.remoteAddress} ${socket.localAddress}\n`));
  });
  server.listen(Number(port), '::', () => console.log('listening'));
} else {
  const socket = connect({ host: first, port: Number(port), localAddress: from, timeout: 8000 });
  socket.on('timeout', () => socket.destroy(new Error('no answer')));
  socket.on('error', (error) => {
    console.error(error.message);
    process.exit(1);
  });
  socket.on('data', (data) => process.stdout.write(data));
  socket.write('hello\n');
}
