import type { Credentials } from './credentials.js';
import {
  Command,
  LOGIN_VERSION,
  Method,
  Reply,
  readAddress,
  replyBytes,
  SOCKS_VERSION,
} from './socksMessages.js';

/** What a client wants. */
export interface SocksRequest {
  readonly command: 'connect' | 'udp-associate';
  /** An address or a name, as the client wrote it. */
  readonly host: string;
  readonly port: number;
}

/** How far a handshake is. A refusal is sent, and the connection closed. */
export type HandshakeState =
  | { readonly kind: 'unfinished' }
  | { readonly kind: 'request'; readonly request: SocksRequest; readonly rest: Buffer }
  | { readonly kind: 'refused'; readonly why: 'no-socks' | 'authentication' | 'unsupported' };

type Refusal = Extract<HandshakeState, { kind: 'refused' }>['why'];

const UNFINISHED: HandshakeState = { kind: 'unfinished' };

/**
 * The server's side of a SOCKS handshake up to the request: reads bytes as they come, and sends the answers.
 * What is kept of unfinished messages is at most 513 bytes, those of the longest one.
 */
export class SocksHandshake {
  readonly #credentials: Credentials | null;
  readonly #send: (bytes: Buffer) => void;
  #bytes: Buffer = Buffer.alloc(0);
  /** Reads the message that comes next. @returns the bytes it takes; 0 when it is not whole yet */
  #step: () => number | HandshakeState = this.#readGreeting;

  /** @param credentials - null when everybody is welcome */
  constructor(credentials: Credentials | null, send: (bytes: Buffer) => void) {
    this.#credentials = credentials;
    this.#send = send;
  }

  /** Takes bytes from the client. Not to be called again once the handshake is over. */
  push(bytes: Buffer): HandshakeState {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes]);
    for (;;) {
      const result = this.#step();
      if (typeof result !== 'number') return result;
      if (result === 0) return UNFINISHED;
      this.#bytes = this.#bytes.subarray(result);
    }
  }

  /** Reads `VER NMETHODS METHODS` (RFC 1928 §3). */
  #readGreeting(): number | HandshakeState {
    const bytes = this.#bytes;
    if (bytes.length > 0 && bytes[0] !== SOCKS_VERSION) return refused('no-socks');
    const end = 2 + (bytes[1] ?? 0);
    if (bytes.length < 2 || bytes.length < end) return 0;
    const method = this.#credentials === null ? Method.none : Method.password;
    const isOffered = bytes.subarray(2, end).includes(method);
    this.#send(Buffer.of(SOCKS_VERSION, isOffered ? method : Method.noneAcceptable));
    if (!isOffered) return refused('authentication');
    this.#step = method === Method.none ? this.#readRequest : this.#readLogin;
    return end;
  }

  /** Reads `VER ULEN UNAME PLEN PASSWD` (RFC 1929 §2). */
  #readLogin(): number | HandshakeState {
    const bytes = this.#bytes;
    if (bytes.length > 0 && bytes[0] !== LOGIN_VERSION) return refused('no-socks');
    const userEnd = 2 + (bytes[1] ?? 0);
    const end = userEnd + 1 + (bytes[userEnd] ?? 0);
    if (bytes.length <= userEnd || bytes.length < end) return 0;
    const user = bytes.toString('utf8', 2, userEnd);
    const isUser = this.#credentials!.accepts(user, bytes.toString('utf8', userEnd + 1, end));
    this.#send(Buffer.of(LOGIN_VERSION, isUser ? 0 : 1));
    if (!isUser) return refused('authentication');
    this.#step = this.#readRequest;
    return end;
  }

  /** Reads `VER CMD RSV ATYP DST.ADDR DST.PORT` (RFC 1928 §4). */
  #readRequest(): number | HandshakeState {
    const bytes = this.#bytes;
    if (bytes.length > 0 && bytes[0] !== SOCKS_VERSION) return refused('no-socks');
    const address = readAddress(bytes, 3);
    if (address === 'short') return 0;
    if (address === 'type') return this.#refuse(Reply.addressTypeNotSupported);
    const { host, port, end } = address;
    const rest = bytes.subarray(end);
    switch (bytes[1]) {
      case Command.connect:
        return { kind: 'request', request: { command: 'connect', host, port }, rest };
      case Command.udpAssociate:
        return { kind: 'request', request: { command: 'udp-associate', host, port }, rest };
      default:
        return this.#refuse(Reply.commandNotSupported);
    }
  }

  #refuse(code: (typeof Reply)['addressTypeNotSupported' | 'commandNotSupported']): HandshakeState {
    this.#send(replyBytes(code));
    return refused('unsupported');
  }
}

function refused(why: Refusal): HandshakeState {
  return { kind: 'refused', why };
}
