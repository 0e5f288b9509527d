// Serves TCP at a port: answers what it has read once the client has ended, resets the connection when it reads
// "reset", and prints the code of each error: PORT
import { createServer } from 'node:net';

const server = createServer({ allowHalfOpen: true }, (socket) => {
  let text = '';
  socket.on('data', (piece) => {
    text += piece;
    if (text === 'reset') socket.resetAndDestroy();
  });
  socket.on('end', () => socket.end(`you said ${text}`));
  socket.on('error', ({ code }) => console.log(code));
});
server.listen(Number(process.argv[2]), '::', () => console.log('listening'));
