import type dgram from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TunnelSocketSettings } from '../../src/index.js';
import type { DatagramPlace } from './datagramPlaces.js';
import { Transcript } from './transcript.js';

/** Milliseconds for datagrams in flight in a memory network or on loopback. */
const REST = 60;

/** The two ends of a scenario. */
export class Bench {
  readonly place: DatagramPlace;
  readonly log: Transcript;
  readonly #sockets: dgram.Socket[] = [];
  readonly #rest: number;

  /** @param attempt - from 1; later ones give datagrams more time */
  constructor(place: DatagramPlace, attempt: number) {
    this.place = place;
    this.#rest = REST * 6 ** (attempt - 1);
    this.log = new Transcript(place);
  }

  left(options?: Partial<TunnelSocketSettings>, name = 'left'): dgram.Socket {
    return this.#keep(this.place.left(options), name);
  }

  right(options?: Partial<TunnelSocketSettings>, name = 'right'): dgram.Socket {
    return this.#keep(this.place.right(options), name);
  }

  /** A bound socket on the right and its port. */
  async bound(
    options?: Partial<TunnelSocketSettings>,
    name = 'right',
  ): Promise<{ socket: dgram.Socket; port: number }> {
    const socket = this.right(options, name);
    socket.bind();
    await once(socket, 'listening');
    return { socket, port: socket.address().port };
  }

  async boundLeft(name = 'left'): Promise<dgram.Socket> {
    const socket = this.left({}, name);
    socket.bind();
    await once(socket, 'listening');
    return socket;
  }

  /** A socket on the left, bound to a port that it requests. */
  async boundByNumber(): Promise<dgram.Socket> {
    const before = this.place.left();
    before.bind();
    await once(before, 'listening');
    const { port } = before.address();
    before.close();
    await once(before, 'close');
    const socket = this.left();
    socket.bind(port);
    await once(socket, 'listening');
    return socket;
  }

  rest(): Promise<void> {
    return sleep(this.#rest);
  }

  /** Closes all open sockets without events. */
  end(): void {
    for (const socket of this.#sockets) {
      socket.removeAllListeners();
      socket.on('error', () => {});
      try {
        socket.close();
      } catch {
        // Closed already.
      }
    }
  }

  #keep(socket: dgram.Socket, name: string): dgram.Socket {
    this.#sockets.push(socket);
    this.log.follow(name, socket);
    return socket;
  }
}

type Scenario = (bench: Bench) => Promise<void>;

/** Passes arguments that no signature allows, as untyped programs do. */
// biome-ignore lint/suspicious/noExplicitAny: the point is what types forbid
type Untyped = any;

/** Uses of `node:dgram` whose transcripts are compared. */
export const scenarios: Record<string, Scenario> = {};

function define(title: string, scenario: Scenario): void {
  scenarios[title] = scenario;
}

// Binding

define('bind(callback)', async (bench) => {
  const socket = bench.left();
  bench.log.call('bind', () => socket.bind(() => bench.log.note('callback')));
  bench.log.note('bind returned');
  await bench.rest();
  bench.log.note(socket.address());
});

define('bind(0, callback)', async (bench) => {
  const socket = bench.left();
  socket.bind(0, () => bench.log.note('callback'));
  await bench.rest();
});

define('bind(port, address, callback)', async (bench) => {
  const socket = bench.left();
  socket.bind(0, bench.place.leftAddress, () => bench.log.note('callback', socket.address()));
  await bench.rest();
});

define('bind(port)', async (bench) => {
  const first = await bench.bound();
  first.socket.close();
  await bench.rest();
  const socket = bench.right({}, 'second');
  socket.bind(first.port);
  await bench.rest();
  bench.log.note(socket.address().port === first.port);
});

define('bind with its port as text', async (bench) => {
  const first = await bench.bound();
  first.socket.close();
  await bench.rest();
  const socket = bench.right({}, 'second');
  bench.log.call('bind', () => socket.bind(String(first.port) as Untyped));
  await bench.rest();
});

define('bind({ port, address, exclusive }, callback)', async (bench) => {
  const socket = bench.left();
  socket.bind({ port: 0, address: bench.place.leftAddress, exclusive: true }, () =>
    bench.log.note('callback', socket.address()),
  );
  await bench.rest();
});

define('bind({})', async (bench) => {
  bench.left().bind({});
  await bench.rest();
});

define('bind(null) and bind(undefined)', async (bench) => {
  bench.left().bind(null as Untyped);
  bench.left({}, 'other').bind(undefined);
  await bench.rest();
});

define('bind twice', async (bench) => {
  const socket = bench.left();
  socket.bind();
  bench.log.call('at once', () => socket.bind());
  await bench.rest();
  bench.log.call('later', () => socket.bind());
});

define('bind after close', async (bench) => {
  const socket = bench.left();
  socket.close();
  bench.log.call('bind', () => socket.bind());
  await bench.rest();
});

define('bind and close at once', async (bench) => {
  const socket = bench.left();
  socket.bind(() => bench.log.note('callback'));
  socket.close(() => bench.log.note('closed'));
  await bench.rest();
});

define('bind to a port that is taken, and then to another', async (bench) => {
  const { port } = await bench.bound();
  const socket = bench.right({}, 'second');
  socket.bind(port, () => bench.log.note('callback'));
  await bench.rest();
  socket.bind(0);
  await bench.rest();
});

define('bind to a taken port of one address', async (bench) => {
  const { port } = await bench.bound();
  bench.right({}, 'second').bind(port, bench.place.rightAddress);
  await bench.rest();
});

define('share a port that all want to share', async (bench) => {
  const { port } = await bench.bound({ reuseAddr: true });
  bench.right({ reuseAddr: true }, 'second').bind(port);
  await bench.rest();
});

define('share a port that one wants to share', async (bench) => {
  const { port } = await bench.bound();
  bench.right({ reuseAddr: true }, 'second').bind(port);
  await bench.rest();
});

define('bind to an address of somebody else', async (bench) => {
  bench.left().bind(5000, '2001:db8::5');
  await bench.rest();
});

define('bind to an IPv4 address', async (bench) => {
  bench.left().bind(5000, '127.0.0.1');
  await bench.rest();
});

define('bind to 0.0.0.0', async (bench) => {
  bench.left().bind(5000, '0.0.0.0');
  await bench.rest();
});

define('bind to a name that is found', async (bench) => {
  const socket = bench.left({
    lookup: (hostname, family, callback) => {
      bench.log.note('lookup', hostname, family);
      callback(null, bench.place.leftAddress);
    },
  });
  socket.bind(0, 'here.example');
  await bench.rest();
});

define('bind to a name that is not found', async (bench) => {
  const socket = bench.left({
    lookup: (_hostname, _family, callback) =>
      callback(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), ''),
  });
  socket.bind(0, 'nowhere.example', () => bench.log.note('callback'));
  await bench.rest();
});

define('look all addresses up with a lookup of their own', async (bench) => {
  const { port } = await bench.bound();
  const socket = bench.left({
    lookup: (hostname, family, callback) => {
      bench.log.note('lookup', hostname, family);
      callback(null, hostname);
    },
  });
  socket.send('x', port, bench.place.rightAddress);
  await bench.rest();
});

// Sending

for (const [form, send] of Object.entries<
  (socket: dgram.Socket, port: number, address: string, done: Untyped) => void
>({
  'send(string, port, address, callback)': (s, port, address, done) =>
    s.send('hello', port, address, done),
  'send(buffer, port, address)': (s, port, address) => s.send(Buffer.from('hello'), port, address),
  'send(buffer, port as text, address)': (s, port, address) =>
    s.send(Buffer.from('hello'), String(port) as Untyped, address),
  'send(Uint8Array, port, address, callback)': (s, port, address, done) =>
    s.send(Uint8Array.of(104, 105), port, address, done),
  'send(DataView, port, address, callback)': (s, port, address, done) =>
    s.send(new DataView(Uint8Array.of(1, 104, 105).buffer, 1), port, address, done),
  'send(Uint16Array, port, address, callback)': (s, port, address, done) =>
    s.send(Uint16Array.of(0x6968, 0x6a69), port, address, done),
  'send(buffer, offset, length, port, address, callback)': (s, port, address, done) =>
    s.send(Buffer.from('hello'), 1, 3, port, address, done),
  'send(string, offset, length, port, address)': (s, port, address) =>
    s.send('hello', 1, 3, port, address),
  'send(buffer, 0, 0, port, address, callback)': (s, port, address, done) =>
    s.send(Buffer.from('hello'), 0, 0, port, address, done),
  'send(list, port, address, callback)': (s, port, address, done) =>
    s.send([Buffer.from('he'), 'l', Uint8Array.of(108, 111)], port, address, done),
  'send([], port, address, callback)': (s, port, address, done) => s.send([], port, address, done),
  'send(empty, port, address, callback)': (s, port, address, done) =>
    s.send('', port, address, done),
  'send(large, port, address, callback)': (s, port, address, done) =>
    s.send(Buffer.alloc(1232, 'a'), port, address, done),
  'send(larger than a packet, port, address, callback)': (s, port, address, done) =>
    s.send(Buffer.alloc(1233, 'a'), port, address, done),
  'send(largest, port, address, callback)': (s, port, address, done) =>
    s.send([Buffer.alloc(65_000, 'a'), Buffer.alloc(527, 'b')], port, address, done),
  'send(too large for UDP, port, address, callback)': (s, port, address, done) =>
    s.send(Buffer.alloc(65_528, 'a'), port, address, done),
  'sendto(buffer, offset, length, port, address, callback)': (s, port, address, done) =>
    (s as Untyped).sendto(Buffer.from('hello'), 0, 5, port, address, done),
})) {
  define(`${form} when bound`, async (bench) => {
    const { port } = await bench.bound();
    const socket = await bench.boundLeft();
    bench.log.call('send', () =>
      send(socket, port, bench.place.rightAddress, (...result: unknown[]) =>
        bench.log.note('sent', ...result),
      ),
    );
    await bench.rest();
  });
  define(`${form} when not bound`, async (bench) => {
    const { port } = await bench.bound();
    const socket = bench.left();
    bench.log.call('send', () =>
      send(socket, port, bench.place.rightAddress, (...result: unknown[]) =>
        bench.log.note('sent', ...result),
      ),
    );
    await bench.rest();
  });
}

for (const [form, send] of Object.entries<(socket: Untyped, done: Untyped) => void>({
  'send()': (s) => s.send(),
  'send(number)': (s) => s.send(23, 5000, '::1'),
  'send(object)': (s) => s.send({}, 5000, '::1'),
  'send(null)': (s) => s.send(null, 5000, '::1'),
  'send(list with a number)': (s) => s.send(['a', 23], 5000, '::1'),
  'send without port': (s) => s.send('a'),
  'send to port 0': (s) => s.send('a', 0, '::1'),
  'send to port 65536': (s) => s.send('a', 65_536, '::1'),
  'send to port -1': (s) => s.send('a', -1, '::1'),
  'send to port 1.5': (s) => s.send('a', 1.5, '::1'),
  'send to port "abc"': (s) => s.send('a', 'abc', '::1'),
  'send to port null': (s) => s.send('a', null, '::1'),
  'send to an address that is a number': (s) => s.send('a', 5000, 23),
  'send to an address that is an object': (s) => s.send('a', 5000, {}),
  'send to an address that is false': (s) => s.send('a', 5000, false),
  'send with an offset behind the end': (s) => s.send('abc', 4, 0, 5000, '::1'),
  'send with a length behind the end': (s) => s.send('abc', 1, 3, 5000, '::1'),
  'send with a slice of a number': (s) => s.send(23, 1, 3, 5000, '::1'),
  'send with a slice of a list': (s) => s.send(['abc'], 0, 1, 5000, '::1'),
  'sendto without a port': (s) => s.sendto('a', 0, 1),
  'sendto without an address': (s) => s.sendto('a', 0, 1, 5000),
  'connect()': (s) => s.connect(),
  'connect to port 0': (s) => s.connect(0),
  'connect to an address that is a number': (s) => s.connect(5000, 23),
  'disconnect when not connected': (s) => s.disconnect(),
  'remoteAddress when not connected': (s) => s.remoteAddress(),
  'address()': (s) => s.address(),
  'setTTL("a")': (s) => s.setTTL('a'),
  'setTTL(0)': (s) => s.setTTL(0),
  'setTTL(1)': (s) => s.setTTL(1),
  'setTTL(255)': (s) => s.setTTL(255),
  'setTTL(256)': (s) => s.setTTL(256),
  'setMulticastTTL("a")': (s) => s.setMulticastTTL('a'),
  'setMulticastTTL(8)': (s) => s.setMulticastTTL(8),
  'setMulticastTTL(256)': (s) => s.setMulticastTTL(256),
  'setMulticastLoopback(true)': (s) => s.setMulticastLoopback(true),
  'setBroadcast(true)': (s) => s.setBroadcast(true),
  'setMulticastInterface(23)': (s) => s.setMulticastInterface(23),
  'setMulticastInterface("bad")': (s) => s.setMulticastInterface('bad'),
  'addMembership()': (s) => s.addMembership(),
  'addMembership(not a group)': (s) => s.addMembership('2001:db8::5'),
  'addMembership(no address)': (s) => s.addMembership('bad'),
  'dropMembership()': (s) => s.dropMembership(),
  'dropMembership(not joined)': (s) => s.dropMembership('ff02::1234'),
  'addMembership(group, no address)': (s) => s.addMembership('ff02::1', 'eth0'),
  'addMembership(group, 23)': (s) => s.addMembership('ff02::1', 23),
  'dropMembership(group, no address)': (s) => s.dropMembership('ff02::1', '127.0.0.1'),
  'addSourceSpecificMembership(source, no group)': (s) => s.addSourceSpecificMembership('::1', '0'),
  'addSourceSpecificMembership(no source)': (s) => s.addSourceSpecificMembership('0', 'ff3e::1'),
  'dropSourceSpecificMembership(source, no group)': (s) =>
    s.dropSourceSpecificMembership('::1', '0'),
  'dropSourceSpecificMembership(not joined)': (s) =>
    s.dropSourceSpecificMembership('::1', 'ff3e::1'),
  'addSourceSpecificMembership(23)': (s) => s.addSourceSpecificMembership(23, 'ff02::1'),
  'addSourceSpecificMembership("a")': (s) => s.addSourceSpecificMembership('a'),
  'setRecvBufferSize("a")': (s) => s.setRecvBufferSize('a'),
  'setRecvBufferSize(-1)': (s) => s.setRecvBufferSize(-1),
  'setSendBufferSize("a")': (s) => s.setSendBufferSize('a'),
  'setRecvBufferSize(2 ** 31)': (s) => s.setRecvBufferSize(2 ** 31),
  'setRecvBufferSize(2 ** 32)': (s) => s.setRecvBufferSize(2 ** 32),
  'setSendBufferSize(2 ** 31)': (s) => s.setSendBufferSize(2 ** 31),
  'getSendQueueSize()': (s) => s.getSendQueueSize(),
  'getSendQueueCount()': (s) => s.getSendQueueCount(),
  'ref() and unref()': (s) => s.ref() === s && s.unref() === s,
})) {
  define(`${form} when bound`, async (bench) => {
    const socket = await bench.boundLeft();
    bench.log.call(form, () => send(socket, () => {}));
    await bench.rest();
  });
  define(`${form} when not bound`, async (bench) => {
    const socket = bench.left();
    bench.log.call(form, () => send(socket, () => {}));
    await bench.rest();
  });
}

for (const method of [
  'bind',
  'close',
  'address',
  'remoteAddress',
  'addMembership',
  'dropMembership',
  'setMulticastInterface',
  'ref',
  'unref',
]) {
  define(`${method}() after close`, async (bench) => {
    const socket = await bench.boundLeft();
    socket.close();
    bench.log.call(method, () => (socket as Untyped)[method]());
    await bench.rest();
    bench.log.call(method, () => (socket as Untyped)[method]());
  });
}

define('send after close', async (bench) => {
  const socket = await bench.boundLeft();
  socket.close();
  bench.log.call('send', () => socket.send('a', 5000, '::1'));
  await bench.rest();
});

define('connect after close', async (bench) => {
  const socket = bench.left();
  socket.close();
  bench.log.call('connect', () => socket.connect(5000, '::1'));
  await bench.rest();
});

define('send what is wrong after close', async (bench) => {
  const socket = await bench.boundLeft();
  socket.close();
  bench.log.call('port', () => socket.send('a', 0, '::1'));
  bench.log.call('message', () => socket.send(23 as Untyped, 5000, '::1'));
  await bench.rest();
});

define('send to nobody, not connected', async (bench) => {
  const { socket: gone, port } = await bench.bound();
  gone.close();
  const socket = await bench.boundLeft();
  socket.send('a', port, bench.place.rightAddress, (error) => bench.log.note('sent', error));
  await bench.rest();
  socket.send('a', port, bench.place.rightAddress, (error) => bench.log.note('sent', error));
  await bench.rest();
});

define('send to an IPv4 address', async (bench) => {
  const socket = await bench.boundLeft();
  socket.send('a', 5000, '127.0.0.1', (error) => bench.log.note('sent', error));
  socket.send('a', 5000, '127.0.0.1');
  await bench.rest();
});

define('send to a name that is not found, with a callback', async (bench) => {
  const socket = bench.left({
    lookup: (hostname, _family, callback) =>
      hostname === '::'
        ? callback(null, hostname)
        : callback(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), ''),
  });
  socket.send('a', 5000, 'nowhere.example', (...result) => bench.log.note('sent', ...result));
  await bench.rest();
});

define('send to a name that is not found, without one', async (bench) => {
  const socket = bench.left({
    lookup: (hostname, _family, callback) =>
      hostname === '::'
        ? callback(null, hostname)
        : callback(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), ''),
  });
  socket.send('a', 5000, 'nowhere.example');
  await bench.rest();
});

define('send to a name that is found', async (bench) => {
  const { port } = await bench.bound();
  const socket = bench.left({
    lookup: (hostname, _family, callback) =>
      callback(null, hostname === 'there.example' ? bench.place.rightAddress : hostname),
  });
  socket.send('a', port, 'there.example', (...result) => bench.log.note('sent', ...result));
  await bench.rest();
});

define('answer to where a message came from', async (bench) => {
  const { socket: right, port } = await bench.bound();
  right.on('message', (message, from) => right.send(`re: ${message}`, from.port, from.address));
  const socket = await bench.boundLeft();
  socket.send('request', port, bench.place.rightAddress);
  await bench.rest();
});

define('keep the order of messages', async (bench) => {
  const { port } = await bench.bound();
  const socket = await bench.boundLeft();
  for (let count = 0; count < 20; count++) {
    socket.send(`message ${count}`, port, bench.place.rightAddress);
  }
  await bench.rest();
});

define('send before and after bind() has finished', async (bench) => {
  const { port } = await bench.bound();
  const socket = bench.left();
  const note = (what: string) => (): void => bench.log.note('sent', what);
  socket.bind();
  socket.send('first', port, bench.place.rightAddress, note('first'));
  socket.on('listening', () => socket.send('third', port, bench.place.rightAddress, note('third')));
  socket.send('second', port, bench.place.rightAddress, note('second'));
  await bench.rest();
});

define('connect, and close before it is bound', async (bench) => {
  const { port } = await bench.bound();
  const socket = bench.left();
  socket.connect(port, bench.place.rightAddress);
  socket.close(() => bench.log.note('closed'));
  bench.log.note('close returned');
  await bench.rest();
  await bench.rest();
});

define('send when the bind under way fails', async (bench) => {
  const { port } = await bench.bound();
  const socket = bench.right({}, 'second');
  socket.bind(port);
  socket.send('lost', port, bench.place.rightAddress, () => bench.log.note('sent'));
  await bench.rest();
});

define('a message of zero bytes', async (bench) => {
  const { socket: right, port } = await bench.bound();
  right.on('message', (message) => bench.log.note(Buffer.isBuffer(message), message.length));
  (await bench.boundLeft()).send('', port, bench.place.rightAddress);
  await bench.rest();
});

// Connecting

define('connect, talk, disconnect', async (bench) => {
  const { socket: right, port } = await bench.bound();
  // Linux releases a port that it chose itself when a socket disconnects.
  const socket = await bench.boundByNumber();
  bench.log.call('connect', () =>
    socket.connect(port, bench.place.rightAddress, () => bench.log.note('callback')),
  );
  await bench.rest();
  bench.log.note(socket.remoteAddress(), socket.address());
  socket.send('one', (...result: unknown[]) => bench.log.note('sent', ...result));
  socket.send(Buffer.from('a two b'), 2, 3, (...result: unknown[]) =>
    bench.log.note('sent', ...result),
  );
  socket.send(['three', ' and four']);
  await bench.rest();
  right.send('back', socket.address().port, bench.place.leftAddress);
  await bench.rest();
  socket.disconnect();
  bench.log.call('remoteAddress', () => socket.remoteAddress());
  socket.send('five', port, bench.place.rightAddress);
  await bench.rest();
});

define('connect and send before that has happened', async (bench) => {
  const { port } = await bench.bound();
  const socket = bench.left();
  socket.connect(port, bench.place.rightAddress);
  bench.log.call('send without port', () => socket.send('early'));
  await bench.rest();
});

define('connect twice', async (bench) => {
  const { port } = await bench.bound();
  const socket = bench.left();
  socket.connect(port, bench.place.rightAddress);
  bench.log.call('at once', () => socket.connect(port, bench.place.rightAddress));
  await bench.rest();
  bench.log.call('later', () => socket.connect(port, bench.place.rightAddress));
});

define('connect(port) and connect(port, callback)', async (bench) => {
  const socket = bench.left();
  socket.connect(5000, () => bench.log.note('callback', socket.remoteAddress()));
  const other = bench.left({}, 'other');
  other.connect(5000);
  await bench.rest();
  bench.log.note(other.remoteAddress());
});

define('send with a destination on a connected socket', async (bench) => {
  const { port } = await bench.bound();
  const socket = bench.left();
  socket.connect(port, bench.place.rightAddress);
  await bench.rest();
  const untyped = socket as Untyped;
  const address = bench.place.rightAddress;
  bench.log.call('port, address', () => untyped.send('a', port, address));
  bench.log.call('port, address, callback', () => untyped.send('a', port, address, () => {}));
  bench.log.call('offset, length, port', () => untyped.send('abc', 0, 1, port));
  bench.log.call('offset, length, port, address', () => untyped.send('abc', 0, 1, port, address));
  bench.log.call('nothing', () => untyped.send());
  await bench.rest();
});

define('connect to a name that is not found', async (bench) => {
  const lookup: TunnelSocketSettings['lookup'] = (hostname, _family, callback) =>
    hostname === '::'
      ? callback(null, hostname)
      : callback(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), '');
  bench.left({ lookup }).connect(5000, 'nowhere.example');
  bench
    .left({ lookup }, 'other')
    .connect(5000, 'nowhere.example', ((error: unknown) =>
      bench.log.note('callback', error)) as Untyped);
  await bench.rest();
});

define('connect to an IPv4 address', async (bench) => {
  bench.left().connect(5000, '127.0.0.1');
  await bench.rest();
});

define('take messages of the connected remote only', async (bench) => {
  const { socket: right, port } = await bench.bound();
  const { socket: other } = await bench.bound({}, 'other');
  const socket = bench.left();
  socket.connect(port, bench.place.rightAddress);
  await bench.rest();
  other.send('from another socket', socket.address().port, bench.place.leftAddress);
  right.send('from the remote', socket.address().port, bench.place.leftAddress);
  await bench.rest();
});

define('a connected remote that is not there', async (bench) => {
  const { socket: gone, port } = await bench.bound();
  gone.close();
  const socket = bench.left();
  socket.connect(port, bench.place.rightAddress);
  await bench.rest();
  socket.send('anybody?', (...result: unknown[]) => bench.log.note('sent', ...result));
  await bench.rest();
});

define('disconnect and connect again', async (bench) => {
  const first = await bench.bound();
  const second = await bench.bound({}, 'second');
  const socket = await bench.boundByNumber();
  socket.connect(first.port, bench.place.rightAddress);
  await bench.rest();
  socket.disconnect();
  socket.connect(second.port, bench.place.rightAddress);
  await bench.rest();
  socket.send('to the second');
  await bench.rest();
});

// The end

define('close(callback) and its order', async (bench) => {
  const socket = await bench.boundLeft();
  bench.log.call('close', () => socket.close(() => bench.log.note('closed')));
  process.nextTick(() => bench.log.note('next tick'));
  bench.log.note('close returned');
  await bench.rest();
});

define('close twice', async (bench) => {
  const socket = await bench.boundLeft();
  socket.close();
  bench.log.call('close', () => socket.close());
  await bench.rest();
});

define('send and close at once', async (bench) => {
  const socket = await bench.boundLeft();
  socket.close();
  bench.log.call('send', () => socket.send('a', 5000, '::1', () => bench.log.note('sent')));
  await bench.rest();
});

define('close by a signal', async (bench) => {
  const controller = new AbortController();
  const socket = bench.left({ signal: controller.signal });
  socket.bind();
  await bench.rest();
  controller.abort();
  await bench.rest();
  bench.log.call('address', () => socket.address());
});

define('close by a signal that was given already', async (bench) => {
  bench.left({ signal: AbortSignal.abort() });
  await bench.rest();
});

define('a signal after close', async (bench) => {
  const controller = new AbortController();
  const socket = bench.left({ signal: controller.signal });
  socket.close();
  await bench.rest();
  controller.abort();
  await bench.rest();
});

define('dispose of', async (bench) => {
  const socket = await bench.boundLeft();
  await socket[Symbol.asyncDispose]();
  bench.log.note('disposed');
  await socket[Symbol.asyncDispose]();
  bench.log.note('disposed again');
});

// Order of events

define('what a listener defers runs before the next message', async (bench) => {
  const { socket, port } = await bench.bound();
  socket.on('message', (message) => {
    process.nextTick(() => bench.log.note('tick of', message.toString()));
    Promise.resolve()
      .then(() => bench.log.note('promise of', message.toString()))
      .then(() => process.nextTick(() => bench.log.note('tick of promise', message.toString())));
  });
  const sender = await bench.boundLeft();
  for (const text of ['one', 'two', 'three']) sender.send(text, port, bench.place.rightAddress);
  await bench.rest();
});

define('a listener that closes the socket has the last message', async (bench) => {
  const { socket, port } = await bench.bound();
  socket.on('message', () => socket.close());
  const sender = await bench.boundLeft();
  for (const text of ['one', 'two', 'three']) sender.send(text, port, bench.place.rightAddress);
  await bench.rest();
});

define('send in the turn of the bind of the receiver', async (bench) => {
  const { socket: first, port } = await bench.bound();
  first.close();
  const sender = await bench.boundLeft();
  await bench.rest();
  bench.right({}, 'receiver').bind(port);
  sender.send('early', port, bench.place.rightAddress);
  await bench.rest();
});

define('send to the loopback address by an empty text', async (bench) => {
  const socket = await bench.boundLeft();
  for (const address of [undefined, null, '']) {
    socket.send(`to ${address}`, socket.address().port, address as string);
  }
  await bench.rest();
});

// Making

for (const [what, options] of Object.entries<Untyped>({
  'type udp5': { type: 'udp5' },
  'no type': {},
  'a lookup that is none': { type: 'udp6', lookup: 'a' },
  'a signal that is none': { type: 'udp6', signal: {} },
  'a receive buffer that is no number': { type: 'udp6', recvBufferSize: 'a' },
  'a receive buffer of less than nothing': { type: 'udp6', recvBufferSize: -1 },
  'a receive buffer of a fraction': { type: 'udp6', sendBufferSize: 1.5 },
})) {
  define(`create with ${what}`, async (bench) => {
    try {
      bench.place.left({ type: undefined, ...options });
      bench.log.note('made');
    } catch (error) {
      const { code, name } = error as NodeJS.ErrnoException;
      bench.log.note('threw', name, code);
    }
    await Promise.resolve();
  });
}

define('properties', async (bench) => {
  const socket = bench.left();
  bench.log.note((socket as Untyped).type, typeof socket.on);
  await Promise.resolve();
});

// Multicast within the computer

define('join a group, receive from it, leave it', async (bench) => {
  const { socket: right, port } = await bench.bound();
  // Which address it comes from depends on the computer.
  right.removeAllListeners('message');
  right.on('message', (message) => bench.log.note('message', message.toString()));
  right.addMembership('ff01::6:bed4');
  bench.log.call('again', () => right.addMembership('ff01::6:bed4'));
  right.setMulticastLoopback(true);
  right.send('to all', port, 'ff01::6:bed4', (...result) => bench.log.note('sent', ...result));
  await bench.rest();
  right.dropMembership('ff01::6:bed4');
  bench.log.call('once more', () => right.dropMembership('ff01::6:bed4'));
  right.send('to nobody', port, 'ff01::6:bed4');
  await bench.rest();
});

define('join a group on each interface', async (bench) => {
  const { socket } = await bench.bound();
  const [zone] = Object.keys(networkInterfaces());
  const group = 'ff02::6:bed4';
  const first = `::%${zone}`;
  bench.log.call('join', () => socket.addMembership(group, first));
  bench.log.call('again', () => socket.addMembership(group, first));
  bench.log.call('without interface', () => socket.addMembership(group));
  bench.log.call('leave', () => socket.dropMembership(group, first));
  bench.log.call('once more', () => socket.dropMembership(group, first));
  bench.log.call('join', () => socket.addMembership(group, first));
  bench.log.call('leave without interface', () => socket.dropMembership(group));
});
