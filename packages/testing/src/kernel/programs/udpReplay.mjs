// Sends the datagrams of a file, each from a port of its own: a line has the port, and the payload in
// hexadecimal digits. All go to one address and port.
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const [file, address, port] = process.argv.slice(2);

for (const line of readFileSync(file, 'latin1').trimEnd().split('\n')) {
  const [from, payload] = line.split(' ');
  const socket = createSocket('udp4');
  await new Promise((resolve) => socket.bind(Number(from), resolve));
  await new Promise((resolve) =>
    socket.send(Buffer.from(payload, 'hex'), Number(port), address, resolve),
  );
  socket.close();
  await sleep(10);
}
