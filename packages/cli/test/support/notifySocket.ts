import koffi from 'koffi';

const AF_UNIX = 1;
const SOCK_DGRAM_NONBLOCK = 0o4002;
const LONGEST = 4_096;

const library = koffi.load(null);
const socket = library.func('int socket(int domain, int type, int protocol)');
const bind = library.func('int bind(int fd, const void *address, unsigned int size)');
const recv = library.func('intptr_t recv(int fd, _Out_ void *bytes, size_t length, int flags)');
const close = library.func('int close(int fd)');

/** The socket of a service manager, for datagrams of its services. */
export class NotifySocket {
  readonly #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** @param path - of a file, or an abstract name after `@` */
  static open(path: string): NotifySocket {
    const name = path.startsWith('@') ? `\0${path.slice(1)}` : `${path}\0`;
    const address = Buffer.concat([Buffer.of(AF_UNIX, 0), Buffer.from(name)]);
    const fd = socket(AF_UNIX, SOCK_DGRAM_NONBLOCK, 0) as number;
    if (bind(fd, address, address.length) !== 0) throw new Error(`${path} cannot be bound`);
    return new NotifySocket(fd);
  }

  /** What has come since the last call. */
  take(): string[] {
    const texts: string[] = [];
    const bytes = Buffer.alloc(LONGEST);
    for (;;) {
      const length = recv(this.#fd, bytes, bytes.length, 0) as number;
      if (length < 0) return texts;
      texts.push(bytes.toString('utf8', 0, length));
    }
  }

  close(): void {
    close(this.#fd);
  }
}
