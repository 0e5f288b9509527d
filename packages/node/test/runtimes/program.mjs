// Runs on any JavaScript runtime that has node:dgram, against the built packages: the demands on
// drivers, and what a program does with peers. Prints one line of JSON for each test.
import { once } from 'node:events';
import { connect as connectPlainly } from 'node:net';
import { connect, createServer } from 'node:tls';
import {
  answerEcho,
  createIdentity,
  openDriver,
  openTunnel,
  PortableUdp,
  StartError,
  startGateway,
  startPeer,
  startRouter,
} from '@6bed4/node';
import { driverTests } from '@6bed4/tunnel/conformance';

const sleep = (milliseconds) =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

function expect(holds, what) {
  if (!holds) throw new Error(`expected ${what}`);
}

const open = async (machine, callbacks) =>
  openDriver({
    machine,
    datagrams: await PortableUdp.open({ address: '127.0.0.1' }),
    ...callbacks,
  });

async function codeOf(options) {
  try {
    await (await PortableUdp.open(options)).close();
    return 'none';
  } catch (error) {
    expect(error instanceof StartError, `a StartError, found ${error}`);
    return error.code;
  }
}

const tests = [
  ...driverTests({ open, sleep, random: Math.random }),
  {
    name: 'says which ports and addresses cannot be had',
    run: async () => {
      const taken = await PortableUdp.open({ address: '127.0.0.1' });
      const { port } = taken.endpoint;
      expect((await codeOf({ address: '127.0.0.1', port })) === 'EADDRINUSE', 'EADDRINUSE');
      await taken.close();
      expect(
        (await codeOf({ address: '127.0.0.1', port })) === 'none',
        'the port to be free again',
      );
      const code = await codeOf({ address: '192.0.2.1' });
      expect(code === 'EADDRNOTAVAIL', `EADDRNOTAVAIL, found ${code}`);
    },
  },
  {
    name: 'moves to another port',
    run: async () => {
      const port = await PortableUdp.open({ address: '127.0.0.1' });
      const before = port.endpoint.port;
      await port.rebind(true);
      const after = port.endpoint.port;
      expect(
        after !== before && after % 2 === 0,
        `another even port, found ${before} and ${after}`,
      );
      await port.close();
    },
  },
  {
    name: 'listens for searches on the local network',
    run: async () => {
      const port = await PortableUdp.open({ address: '127.0.0.1' });
      await port.listenOnLan(await freePort());
      await port.close();
    },
  },
  {
    name: 'counts what the system refuses to send',
    run: async () => {
      const port = await PortableUdp.open({ address: '127.0.0.1' });
      const to = { address: 0x7f000001, port: port.endpoint.port, addressBits: 0x7f000001 };
      port.send(new Uint8Array(70_000), 0, 70_000, to, 0, 0);
      await sleep(50);
      const { sendErrors } = port.counters;
      expect(sendErrors.EMSGSIZE === 1, `EMSGSIZE once, found ${JSON.stringify(sendErrors)}`);
      await port.close();
    },
  },
  {
    name: 'runs startRouter and startPeer',
    run: async () => {
      const router = await startRouter({ listen: '127.0.0.1', port: 0 });
      const peers = await Promise.all(
        ['alice', 'bob'].map(() => startPeer({ routers: router.endpoint, listen: '127.0.0.1' })),
      );
      await Promise.all(peers.map(({ ready }) => ready));
      answerEcho(peers[1]);
      const [alice, bob] = peers;
      expect(alice.address?.startsWith('fc64:'), 'an address');
      expect(alice.address !== bob.address, 'two addresses');
      await Promise.all([alice, bob, router].map((daemon) => daemon.close()));
    },
  },
  {
    name: 'reaches a peer over a gateway, which gives the address',
    run: async () => {
      const listen = '127.0.0.1';
      const router = await startRouter({ listen, port: 0 });
      const routers = router.endpoint;
      const web = { host: listen, port: 0 };
      const gateway = await startGateway({ routers, publicAddress: listen, web });
      const url = `ws://${listen}:${gateway.report().web.port}/6bed4`;
      const [alice, bob] = [
        await openTunnel({ routers, gateway: url, uplink: 'wss' }),
        await openTunnel({ routers, listen }),
      ];
      expect(alice.peer.gateway === url, `the gateway, found ${alice.peer.gateway}`);
      const { clients, counters } = gateway.report();
      expect(clients.connected === 1, `one client, found ${JSON.stringify(clients)}`);
      expect(counters.datagramsSent > 0, 'datagrams of that client');
      const server = bob.createServer((socket) => socket.end('hello')).listen(7);
      await once(server, 'listening');
      const socket = alice.connect(7, bob.address);
      const [data] = await once(socket, 'data');
      expect(String(data) === 'hello', `hello, found ${data}`);
      await Promise.all([alice, bob].map((tunnel) => tunnel.close()));
      await Promise.all([gateway, router].map((daemon) => daemon.close()));
    },
  },
  {
    name: 'lets those talk by TLS who have pinned the key of each other, and nobody else',
    run: async () => {
      const [alice, bob, mallory] = [createIdentity(), createIdentity(), createIdentity()];
      const server = createServer(bob.serverOptions(alice.fingerprint), (socket) => {
        socket.on('error', () => {});
        socket.end('hello');
      });
      server.on('tlsClientError', () => {});
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const friends = await heardFrom(server, alice.clientOptions(bob.fingerprint));
      // Deno knows certificates of authorities alone, and refuses all others.
      const expected = 'Deno' in globalThis ? '' : 'hello';
      expect(friends === expected, `${expected || 'nothing'} between friends, found ${friends}`);
      for (const options of [
        mallory.clientOptions(bob.fingerprint),
        alice.clientOptions(mallory.fingerprint),
      ]) {
        const heard = await heardFrom(server, options);
        expect(heard === '', `nothing for another key, found ${heard}`);
      }
      server.close();
    },
  },
];

/** What an identity that the other side has pinned, or another one, gets from it by TLS. */
async function heardFrom(server, options) {
  const socket = connect({
    socket: connectPlainly(server.address().port, '127.0.0.1'),
    ...options,
  });
  socket.on('error', () => {});
  let heard = '';
  socket.on('data', (data) => {
    heard += data;
  });
  await new Promise((resolve) => socket.once('close', resolve));
  return heard;
}

async function freePort() {
  const port = await PortableUdp.open({ address: '127.0.0.1' });
  const { endpoint } = port;
  await port.close();
  return endpoint.port;
}

for (const { name, run } of tests) {
  let fault = null;
  try {
    await run();
  } catch (error) {
    fault = String(error?.stack ?? error);
  }
  console.log(JSON.stringify({ name, fault }));
}
