// Sends one datagram from each of a number of ports, `udpFromPorts ADDRESS PORT COUNT HEX`, and prints the answers
// as JSON: for each address and port that answered, the number of its answers.
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const [address, port, count, payload] = process.argv.slice(2);
/** Milliseconds after the last answer until there will be no more. */
const SILENCE = 1_000;
const POLL = 50;
const answers = {};
let [answered, latest] = [0, Date.now()];

const sockets = Array.from({ length: Number(count) }, () => {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  socket.on('message', (_, from) => {
    const name = `${from.address} ${from.port}`;
    answers[name] = (answers[name] ?? 0) + 1;
    answered++;
    latest = Date.now();
  });
  return socket;
});
for (const socket of sockets) {
  socket.send(Buffer.from(payload, 'hex'), Number(port), address);
  await sleep(2);
}
while (answered < sockets.length && Date.now() - latest < SILENCE) await sleep(POLL);
console.log(JSON.stringify(answers));
for (const socket of sockets) socket.close();
