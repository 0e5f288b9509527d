import { loadKoffi } from './foreignFunctions.js';

// bits/socket.h and sys/un.h of Linux
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0x8_0000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const LONGEST_PATH = 108;
const FAMILY_SIZE = 2;

/** The error of a receiver that reads too slowly. */
export const FULL = 'EAGAIN';

/** Sends datagrams to one path. */
export interface UnixDatagrams {
  /** Sends without waiting; the code of the error, or null. */
  send(message: string): string | null;
  close(): void;
}

/**
 * Opens a socket for datagrams to another Unix domain socket, which Node.js has none for; null where that is not
 * possible.
 *
 * @param path - of a file, or with `@` in front the name of an abstract socket (unix(7))
 */
export async function openUnixDatagrams(path: string): Promise<UnixDatagrams | null> {
  const to = socketAddress(path);
  if (to === null || process.platform !== 'linux') return null;
  try {
    const koffi = await loadKoffi();
    const library = koffi.load(null);
    const socket = library.func('int socket(int domain, int type, int protocol)');
    const sendto = library.func(
      'intptr_t sendto(int fd, const void *bytes, size_t length, int flags, const void *to, unsigned int size)',
    );
    const close = library.func('int close(int fd)');
    const { errno: numbers } = koffi.os;
    const codes = new Map(Object.entries(numbers).map(([code, number]) => [number, code]));
    // Of the two names of that number, this one.
    codes.set(numbers['EAGAIN']!, FULL);
    const fd: number = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return null;
    return {
      send(message) {
        const bytes = Buffer.from(message);
        const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
        if (Number(sendto(fd, bytes, bytes.length, flags, to, to.length)) >= 0) return null;
        return codes.get(koffi.errno()) ?? String(koffi.errno());
      },
      close: () => close(fd),
    };
  } catch {
    return null;
  }
}

/** struct sockaddr_un; null for other kinds of sockets. */
function socketAddress(path: string): Buffer | null {
  const isAbstract = path.startsWith('@');
  if (!isAbstract && !path.startsWith('/')) return null;
  const name = Buffer.from(isAbstract ? `\0${path.slice(1)}` : `${path}\0`);
  if (name.length > LONGEST_PATH) return null;
  const address = Buffer.alloc(FAMILY_SIZE + name.length);
  address.set(new Uint8Array(Uint16Array.of(AF_UNIX).buffer));
  name.copy(address, FAMILY_SIZE);
  return address;
}
