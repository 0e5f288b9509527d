// Sends a word through the HTTP proxy at port 8080, and then ends ("end"), waits ("wait") or resets ("abort"); prints
// what it reads and the code of an error: HOST PORT WORD ACTION
import { request } from 'node:http';

const [host, port, word, action] = process.argv.slice(2);
const options = { port: 8080, method: 'CONNECT', path: `[${host}]:${port}` };
request(options)
  .on('connect', ({ statusCode }, socket) => {
    if (statusCode !== 200) throw new Error(`status ${statusCode}`);
    socket.on('data', (piece) => console.log(String(piece)));
    socket.on('error', ({ code }) => console.log(code));
    socket.write(word);
    if (action === 'end') socket.end();
    if (action === 'abort') setTimeout(() => socket.resetAndDestroy(), 200);
  })
  .end();
