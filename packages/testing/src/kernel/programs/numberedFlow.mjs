// Sends numbered datagrams over IPv6 to a port of an address each 20 ms, and counts those that arrive at the
// same port: `numberedFlow ADDRESS PORT`; with `-` for the address, it answers whoever sends. Each 100 ms it prints
// `TIME RECEIVED HIGHEST GAP`: milliseconds since 1970, datagrams so far, their highest number, and the
// longest pause between two of them, in milliseconds, that ended or lasts since the line before.
import { createSocket } from 'node:dgram';

const INTERVAL = 20;
const REPORT = 100;
const SIZE = 172;
const [address, port] = [process.argv[2], Number(process.argv[3])];
const socket = createSocket('udp6');
let remote = address === '-' ? null : { address, port };
let [sent, received, highest, longest] = [0, 0, 0, 0];
let arrivedAt = 0;

socket.on('message', (datagram, from) => {
  const now = performance.now();
  if (arrivedAt > 0) longest = Math.max(longest, now - arrivedAt);
  arrivedAt = now;
  received++;
  highest = Math.max(highest, datagram.readUInt32BE());
  if (address === '-') remote = from;
});
socket.bind(port, '::', () => {
  console.log('listening');
  setInterval(() => {
    if (remote === null) return;
    const datagram = Buffer.alloc(SIZE);
    datagram.writeUInt32BE(++sent);
    socket.send(datagram, remote.port, remote.address, () => {});
  }, INTERVAL);
  setInterval(() => {
    const gap = Math.max(longest, arrivedAt === 0 ? 0 : performance.now() - arrivedAt);
    console.log([Date.now(), received, highest, Math.round(gap)].join(' '));
    longest = 0;
  }, REPORT);
});
