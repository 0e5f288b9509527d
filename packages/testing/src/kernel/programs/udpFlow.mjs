// Sends numbered datagrams over IPv6, `send ADDRESS PORT INTERVAL SIZE`, or receives them, `receive PORT`,
// until it is ended. The receiver prints `gap FROM TO LOST` for each pause above 150 ms, `at TIME` each
// second in which something arrived, times in milliseconds, and at the end what it received.
import { createSocket } from 'node:dgram';

const [mode, ...words] = process.argv.slice(2);
const LEAST_GAP = 150;
const socket = createSocket('udp6');

function send(address, port, interval, size) {
  const datagram = Buffer.alloc(size);
  let number = 0;
  setInterval(() => {
    datagram.writeUInt32BE(++number);
    // While there is no address, the system refuses to send.
    socket.send(datagram, port, address, () => {});
  }, interval);
}

function receive(port) {
  let [received, lost, latest, at, told] = [0, 0, 0, 0, 0];
  socket.on('message', (datagram) => {
    const now = Date.now();
    const number = datagram.readUInt32BE();
    const missing = Math.max(0, number - latest - 1);
    if (at > 0 && now - at > LEAST_GAP) console.log(`gap ${at} ${now} ${missing}`);
    if (now - told >= 1000) {
      told = now;
      console.log(`at ${now}`);
    }
    received++;
    lost += missing;
    latest = Math.max(latest, number);
    at = now;
  });
  process.once('SIGTERM', () => {
    console.log(JSON.stringify({ received, lost }));
    process.exit();
  });
  socket.bind(port, '::', () => console.log('listening'));
}

if (mode === 'send') send(words[0], Number(words[1]), Number(words[2]), Number(words[3]));
else receive(Number(words[0]));
