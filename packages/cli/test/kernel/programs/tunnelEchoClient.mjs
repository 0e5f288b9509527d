// Sends datagrams of several sizes over a tunnel of its own to an echo service, each until it comes back as it
// was, and prints what happened: ROUTER ADDRESS PORT POLICY SIZE...
import { randomBytes } from 'node:crypto';
import { openTunnel } from '@6bed4/node';

const ATTEMPTS = 10;
const PATIENCE = 2000;

const [router, address, port, policy, ...sizes] = process.argv.slice(2);
const tunnel = await openTunnel({ routers: router, policy });
const socket = tunnel.createSocket('udp6');

function echoed(payload) {
  return new Promise((resolve) => {
    const end = (result) => {
      clearTimeout(timer);
      socket.off('message', onMessage);
      resolve(result);
    };
    const onMessage = (message) => {
      if (message.equals(payload)) end(true);
    };
    const timer = setTimeout(end, PATIENCE, false);
    socket.on('message', onMessage);
    socket.send(payload, Number(port), address);
  });
}

const results = [];
for (const size of sizes.map(Number)) {
  let isEchoed = false;
  for (let attempt = 0; attempt < ATTEMPTS && !isEchoed; attempt++) {
    isEchoed = await echoed(randomBytes(size));
  }
  results.push({ size, echoed: isEchoed });
}
const { fragmentsSent, reassembled, reassemblyFailures } = tunnel.statistics();
console.log(
  JSON.stringify({ results, sent: fragmentsSent, reassembled, failures: reassemblyFailures }),
);
await tunnel.close();
