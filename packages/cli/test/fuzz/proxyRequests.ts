import { demand, type FuzzTarget, InputReader, textBytes, textOf } from '@6bed4/testing/fuzzTarget';
import { Credentials } from '../../src/proxy/credentials.js';
import { readAbsoluteForm } from '../../src/proxy/forwardRequest.js';
import { readAuthority } from '../../src/proxy/httpProxy.js';
import { type HandshakeState, SocksHandshake } from '../../src/proxy/socksHandshake.js';
import { datagramBytes, readDatagram } from '../../src/proxy/socksMessages.js';

/** The longest message of a handshake: name and password, of 255 bytes each. */
const LONGEST_MESSAGE = 513;
const HIGHEST_PORT = 65_535;
const users = new Credentials('user:password\n', 'the users');

interface Outcome {
  readonly state: HandshakeState;
  readonly sent: string;
  /** Bytes that were pushed before it was over. */
  readonly taken: number;
}

/** What SOCKS clients and HTTP clients say to the proxy. */
export const target: FuzzTarget = {
  longest: 700,
  seeds: [
    Uint8Array.of(0, 5, 1, 0, 5, 1, 0, 1, 192, 0, 2, 1, 0, 80, 71, 69, 84),
    Uint8Array.of(0, 5, 2, 0, 2, 5, 3, 0, 3, 4, 110, 97, 109, 101, 0, 80),
    Uint8Array.of(0, 5, 1, 0, 5, 1, 0, 4, 0xfc, 0x64, ...new Uint8Array(14), 1, 187),
    Uint8Array.of(
      1,
      5,
      1,
      2,
      1,
      4,
      ...textBytes('user')[0]!,
      8,
      ...textBytes('password')[0]!,
      5,
      2,
    ),
    Uint8Array.of(2, 0, 0, 0, 1, 192, 0, 2, 1, 0, 53, 1, 2, 3),
    Uint8Array.of(2, 0, 0, 0, 4, 0xfc, 0x64, ...new Uint8Array(14), 0, 53, 1, 2, 3),
    ...textBytes('\x03[fc64::1]:443', '\x03name:80', '\x03http://[fc64::1]:81/a?b', '\x03http://a'),
  ],
  words: textBytes(
    'http://',
    '[fc64::1]',
    ':443',
    ':65535',
    ':65536',
    '\x05\x01\x00',
    '\x05\x01\x02',
  ),
  run(input) {
    const reader = new InputReader(input);
    const kind = reader.byte() % 4;
    const rest = Buffer.from(reader.rest());
    if (kind < 2) checkHandshake(rest, kind === 0 ? null : users);
    else if (kind === 2) checkDatagram(rest);
    else checkTargets(textOf(rest));
  },
};

/** Reads a handshake in pieces of one size. */
function shake(bytes: Buffer, credentials: Credentials | null, size: number): Outcome {
  const sent: Buffer[] = [];
  const handshake = new SocksHandshake(credentials, (answer) => sent.push(answer));
  let state: HandshakeState = { kind: 'unfinished' };
  let taken = 0;
  while (state.kind === 'unfinished' && taken < bytes.length) {
    const piece = bytes.subarray(taken, taken + size);
    taken += piece.length;
    state = handshake.push(piece);
  }
  return { state, sent: Buffer.concat(sent).toString('hex'), taken };
}

/** However the bytes are cut, the same is understood and answered. */
function checkHandshake(bytes: Buffer, credentials: Credentials | null): void {
  const whole = shake(bytes, credentials, Math.max(1, bytes.length));
  for (const size of [1, 7]) {
    const { state, sent, taken } = shake(bytes, credentials, size);
    demand(sent === whole.sent, `the answers are ${whole.sent}, not ${sent}`);
    demand(state.kind === whole.state.kind, `${state.kind}, and in one piece ${whole.state.kind}`);
    if (state.kind === 'unfinished') {
      const most = 3 * LONGEST_MESSAGE;
      demand(bytes.length <= most, `unfinished after ${bytes.length} bytes`);
    }
    if (state.kind === 'refused' && whole.state.kind === 'refused') {
      demand(state.why === whole.state.why, `${state.why}, and in one piece ${whole.state.why}`);
    }
    if (state.kind === 'request' && whole.state.kind === 'request') {
      const [one, other] = [state.request, whole.state.request];
      demand(JSON.stringify(one) === JSON.stringify(other), 'the request is the same');
      demand(one.port >= 0 && one.port <= HIGHEST_PORT, `port ${one.port}`);
      const behind = Buffer.concat([state.rest, bytes.subarray(taken)]);
      demand(behind.equals(whole.state.rest), 'the bytes behind it are the same');
    }
  }
}

/** What is read of a datagram is written as it was, unless a name is in it. */
function checkDatagram(bytes: Buffer): void {
  const datagram = readDatagram(bytes);
  if (typeof datagram === 'string') return;
  const { host, port, data } = datagram;
  demand(
    bytes.subarray(bytes.length - data.length).equals(data),
    'the data ends with the datagram',
  );
  if (bytes[3] === 3) return;
  const again = readDatagram(datagramBytes(host, port, data));
  if (typeof again === 'string') throw new Error(`${again}, when it is written again`);
  demand(again.port === port && again.data.equals(data), 'port and data are written as read');
  // An IPv4 address that is mapped into IPv6 is written as IPv4.
  demand(again.host === host.replace(/^::ffff:(?=\d+\.)/, ''), `${again.host} was ${host}`);
}

function checkTargets(text: string): void {
  const form = readAbsoluteForm(text);
  if (form !== null) {
    demand(Number.isInteger(form.port) && form.port <= HIGHEST_PORT, `port ${form.port}`);
    demand(form.path.startsWith('/'), `the path ${form.path}`);
    demand(!/\s/.test(form.authority + form.path), 'nothing splits the request that goes on');
  }
  try {
    const { host, port } = readAuthority(text);
    demand(port >= 1 && port <= HIGHEST_PORT, `port ${port}`);
    demand(`${host}:${port}` === text, 'an authority is host and port');
  } catch (error) {
    if ((error as Error).name !== 'DestinationError') throw error;
  }
}
