/**
 * A process that sends every datagram on to the one that sent it the first: what a router is without the tunnel. It
 * tells its port.
 */
import { createSocket } from 'node:dgram';

const relay = createSocket({
  type: 'udp6',
  // As fast as `node:dgram` can be: the address is literal.
  lookup: (host, _options, done) => done(null, host, 6),
});
let receiver = null;
relay.on('message', (bytes, from) => {
  if (receiver === null) receiver = from;
  else relay.send(bytes, receiver.port, receiver.address);
});
relay.bind(0, '::1', () => process.send(relay.address().port));
