import { endianness } from 'node:os';
import koffi from 'koffi';

/*
 * Functions of the C library for the sender. Structures are laid out for 64-bit Linux:
 *   msghdr   name 0, namelen 8, iov 16, iovlen 24, control 32, controllen 40, flags 48; 56 bytes
 *   mmsghdr  msghdr, then the length sent at 56; 64 bytes
 *   iovec    base 0, length 8; 16 bytes
 */
const MMSGHDR_SIZE = 64;
const MSGHDR_IOV = 16;
const MSGHDR_IOVLEN = 24;
const IOVEC_SIZE = 16;
const IOVEC_LENGTH = 8;
const SOCKADDR_IN_SIZE = 16;

const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOL_UDP = 17;
const UDP_SEGMENT = 103;

const LITTLE = endianness() === 'LE';

const library = koffi.load(null);
const socket = library.func('int socket(int domain, int type, int protocol)');
const bind = library.func('int bind(int fd, void *address, unsigned int length)');
const connect = library.func('int connect(int fd, void *address, unsigned int length)');
const setsockopt = library.func(
  'int setsockopt(int fd, int level, int name, void *value, unsigned int length)',
);
const sendmmsg = library.func('int sendmmsg(int fd, void *messages, unsigned int n, int flags)');

/** Sleeps for at least this many microseconds, and blocks this process. */
export const usleep = library.func('int usleep(unsigned int microseconds)');

function check(result, what) {
  if (result < 0) throw new Error(`${what}: errno ${koffi.errno()}`);
  return result;
}

function socketAddress({ address, port }) {
  const bytes = new Uint8Array(SOCKADDR_IN_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_INET, LITTLE);
  view.setUint16(2, port);
  bytes.set(address.split('.').map(Number), 4);
  return bytes;
}

/** A UDP socket between two endpoints. */
export function openSocket(from, to) {
  const fd = check(socket(AF_INET, SOCK_DGRAM, 0), 'socket');
  check(bind(fd, socketAddress(from), SOCKADDR_IN_SIZE), `bind to ${from.address}:${from.port}`);
  check(connect(fd, socketAddress(to), SOCKADDR_IN_SIZE), `connect to ${to.address}:${to.port}`);
  return fd;
}

/** Lets the kernel segment what is sent into datagrams of a size, as late as possible (UDP_SEGMENT, udp(7)). */
export function setSegmentSize(fd, size) {
  const value = new Uint8Array(new Int32Array([size]).buffer);
  check(setsockopt(fd, SOL_UDP, UDP_SEGMENT, value, value.length), 'UDP_SEGMENT');
}

/** Messages that can be sent repeatedly with one call. */
export class Batch {
  /** @param payloads - a Uint8Array for each message */
  constructor(payloads) {
    this.payloads = payloads;
    const count = payloads.length;
    this.bytes = new Uint8Array(count * (MMSGHDR_SIZE + IOVEC_SIZE));
    const view = new DataView(this.bytes.buffer);
    const start = koffi.address(this.bytes);
    for (const [index, payload] of payloads.entries()) {
      const message = index * MMSGHDR_SIZE;
      const iovec = count * MMSGHDR_SIZE + index * IOVEC_SIZE;
      view.setBigUint64(message + MSGHDR_IOV, start + BigInt(iovec), LITTLE);
      view.setBigUint64(message + MSGHDR_IOVLEN, 1n, LITTLE);
      view.setBigUint64(iovec, koffi.address(payload), LITTLE);
      view.setBigUint64(iovec + IOVEC_LENGTH, BigInt(payload.length), LITTLE);
    }
  }

  /** Sends the first `count` messages. */
  send(fd, count) {
    return sendmmsg(fd, this.bytes, count, 0);
  }
}
