// Answers every HTTP request on a port with its path and the address it came from.
import { createServer } from 'node:http';

const [port] = process.argv.slice(2);

createServer((request, response) => {
  response.setHeader('content-type', 'text/plain');
  response.end(`${request.url} for ${request.socket.remoteAddress}\n`);
}).listen(Number(port), '::', () => console.log('listening'));
