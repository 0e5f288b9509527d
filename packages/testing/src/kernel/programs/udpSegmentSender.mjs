// Sends messages to an IPv6 address and port, which the kernel segments into datagrams of 1000 bytes
// and a shorter one (UDP_SEGMENT); prints the output that the receiver should have.
import { createHash, randomBytes } from 'node:crypto';
import { endianness } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import koffi from 'koffi';

const [address, port, messages] = process.argv.slice(2);
const SIZE = 1000;
const AF_INET6 = 10;
const SOCK_DGRAM = 2;
const SOL_UDP = 17;
const UDP_SEGMENT = 103;

const library = koffi.load(null);
const socket = library.func('int socket(int domain, int type, int protocol)');
const setsockopt = library.func(
  'int setsockopt(int fd, int level, int name, void *value, uint size)',
);
const sendto = library.func(
  'intptr_t sendto(int fd, void *bytes, size_t length, int flags, void *to, uint size)',
);

const littleEndian = endianness() === 'LE';
const fd = socket(AF_INET6, SOCK_DGRAM, 0);
const value = new DataView(new ArrayBuffer(4));
value.setInt32(0, SIZE, littleEndian);
if (setsockopt(fd, SOL_UDP, UDP_SEGMENT, new Uint8Array(value.buffer), 4) !== 0) {
  throw new Error('the kernel has no UDP_SEGMENT');
}
const to = new DataView(new ArrayBuffer(28));
to.setUint16(0, AF_INET6, littleEndian);
to.setUint16(2, Number(port));
const groups = address.split('::').map((half) => (half === '' ? [] : half.split(':')));
const [head, tail = []] = groups;
const zeroes = Array(8 - head.length - tail.length).fill('0');
for (const [index, group] of [...head, ...zeroes, ...tail].entries()) {
  to.setUint16(8 + 2 * index, Number.parseInt(group, 16));
}

const hash = createHash('sha256');
let datagrams = 0;
for (let sent = 0; sent < Number(messages); sent++) {
  const message = randomBytes(1 + ((sent * 7919) % 60_000));
  hash.update(message);
  datagrams += Math.ceil(message.length / SIZE);
  if (sendto(fd, message, message.length, 0, new Uint8Array(to.buffer), 28) !== message.length) {
    throw new Error(`message ${sent} was refused`);
  }
  await setTimeout(10);
}
console.log(JSON.stringify({ datagrams, sha256: hash.digest('hex') }));
