// Sends a datagram from each of some ports to a process that is stopped, and prints which of its sockets it waits in,
// `PORT SOCKET...` with their inodes: `flowSockets PID ADDRESS PORT FROM...`.
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const [pid, address, port, ...sources] = process.argv.slice(2);
const LOCAL = `:${Number(port).toString(16).toUpperCase().padStart(4, '0')}`;
const POLL = 2;
const ATTEMPTS = 500;

/** Bytes that wait in each socket of the port, by its inode. */
function waiting() {
  const rows = readFileSync(`/proc/${pid}/net/udp`, 'latin1')
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  return new Map(
    rows
      .filter(([, local]) => local?.endsWith(LOCAL))
      .map((row) => [row[9], Number.parseInt(row[4].split(':')[1], 16)]),
  );
}

for (const source of sources) {
  const before = waiting();
  const socket = createSocket('udp4');
  await new Promise((resolve) => socket.bind(Number(source), resolve));
  await new Promise((resolve) => socket.send(Buffer.alloc(8), Number(port), address, resolve));
  let grown = [];
  for (let left = ATTEMPTS; grown.length === 0 && left > 0; left--) {
    await sleep(POLL);
    grown = [...waiting()].filter(([inode, bytes]) => bytes > before.get(inode));
  }
  console.log([source, ...grown.map(([inode]) => inode)].join(' '));
  socket.close();
}
