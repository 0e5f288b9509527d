// Serves HTTP at port 80 of a tunnel of its own, and publishes ports of this host's loopback there, until it is
// ended: ROUTER PORT...
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { openTunnel } from '@6bed4/node';

const PAGE = `<!doctype html><title>6bed4</title><p id="text">not yet
<script>fetch('/text').then((answer) => answer.text()).then((text) => (document.all.text.innerText = text))</script>`;

const [router, ...published] = process.argv.slice(2);
const tunnel = await openTunnel({ routers: router });

const http = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://tunnel');
  if (request.method === 'PUT') {
    const hash = createHash('sha256');
    request.on('data', (piece) => hash.update(piece));
    request.on('end', () => response.end(hash.digest('hex')));
  } else if (pathname === '/text') {
    response.end('read over TCP of a program');
  } else if (pathname === '/bytes') {
    response.end(Buffer.alloc(Number(searchParams.get('count')), '6bed4'));
  } else {
    response.setHeader('content-type', 'text/html');
    response.end(PAGE);
  }
});
await new Promise((resolve) => {
  tunnel.createServer((socket) => http.emit('connection', socket)).listen(80, resolve);
});
for (const port of published.map(Number)) {
  const server = tunnel.createServer((socket) => {
    const local = connect(port, '127.0.0.1');
    socket.pipe(local).pipe(socket);
    socket.on('error', () => local.destroy());
    local.on('error', () => socket.destroy());
  });
  await new Promise((resolve) => server.listen(port, resolve));
}
console.log(`address ${tunnel.address}`);
