'use strict';

/**
 * What every tool runs: a router and two tunnels on loopback, a datagram and a TCP connection between them.
 * Resolves with what arrived.
 */
exports.hello = async ({ openTunnel, startRouter }) => {
  const router = await startRouter({ listen: '127.0.0.1', port: 0 });
  const options = { routers: router.endpoint, listen: '127.0.0.1' };
  const [alice, bob] = await Promise.all([openTunnel(options), openTunnel(options)]);
  try {
    const echo = bob.createSocket('udp6', (message, { port, address }) => {
      echo.send(message, port, address);
    });
    await new Promise((resolve) => echo.bind(7, resolve));
    const datagram = await new Promise((resolve) => {
      alice.createSocket('udp6', (message) => resolve(`${message}`)).send('hello', 7, bob.address);
    });
    const server = bob.createServer((socket) => socket.end('world'));
    await new Promise((resolve) => server.listen(80, resolve));
    const stream = await new Promise((resolve, reject) => {
      const socket = alice.connect({ host: bob.address, port: 80 });
      let text = '';
      socket.setEncoding('utf8').on('data', (part) => {
        text += part;
      });
      socket.on('end', () => resolve(text)).on('error', reject);
    });
    return `${datagram} ${stream}`;
  } finally {
    await Promise.all([alice.close(), bob.close()]);
    await router.close();
  }
};

/** How many copies there are of a class that is asked for by `import` here, and by `require`. */
exports.copies = (imported) => (imported === require('@6bed4/codec').InvalidArgumentError ? 1 : 2);
