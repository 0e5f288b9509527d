// Sends series of UDP datagrams over IPv6 and counts the answers: ADDRESS PORT INTERVAL {COUNT SIZE}...
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';

const [address, port, interval, ...series] = process.argv.slice(2);
const socket = createSocket('udp6');
let answered = 0;
socket.on('message', () => answered++);
while (series.length > 0) {
  const [count, size] = series.splice(0, 2).map(Number);
  for (let left = count; left > 0; left--) {
    socket.send(new Uint8Array(size), Number(port), address);
    await sleep(Number(interval));
  }
}
await sleep(500);
console.log(`answered ${answered}`);
socket.close();
