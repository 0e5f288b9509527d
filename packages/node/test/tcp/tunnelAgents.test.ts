import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import { Agent, fetch } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  createConnector,
  createHttpAgent,
  createHttpsAgent,
  createIdentity,
  remoteFingerprint,
  type Tunnel,
} from '../../src/index.js';
import { type TunnelLab, tunnelLab } from '../support/datagramPlaces.js';

const [alice, bob, mallory] = [createIdentity(), createIdentity(), createIdentity()];

let lab: TunnelLab;
let left: Tunnel;
let right: Tunnel;

beforeEach(async () => {
  lab = await tunnelLab();
  [left, right] = [await lab.open(), await lab.open()];
});

afterEach(() => lab.close());

async function publish(server: http.Server | https.Server, port: number): Promise<void> {
  const listener = right.createServer((socket) => void server.emit('connection', socket));
  listener.listen(port);
  await once(listener, 'listening');
}

async function bodyOf(request: http.ClientRequest): Promise<string> {
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return text(response);
}

test('http goes through tunnels by the address of the other one', async () => {
  const answer: http.RequestListener = ({ url }, response) => response.end(`you want ${url}`);
  await publish(http.createServer(answer), 80);
  const agent = createHttpAgent(left, { keepAlive: true });
  const url = `http://[${right.address}]/news`;
  expect(await bodyOf(http.get(url, { agent }))).toBe('you want /news');
  expect(await bodyOf(http.get(url, { agent }))).toBe('you want /news');
  agent.destroy();
});

test('http goes through tunnels by a name', async () => {
  const answer: http.RequestListener = ({ headers }, response) => response.end(headers.host);
  await publish(http.createServer(answer), 80);
  const resolve = async () => [{ address: right.address!, family: 6 }];
  const agent = createHttpAgent(left, { resolve });
  expect(await bodyOf(http.get('http://bob.example/', { agent }))).toBe('bob.example');
});

test('a request to a port where nobody listens fails at once', async () => {
  const agent = createHttpAgent(left);
  const request = http.get({ host: right.address, port: 81, agent });
  await expect(once(request, 'response')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('https between identities goes through tunnels, and not to others', async () => {
  const server = https.createServer(
    bob.serverOptions(alice.fingerprint),
    ({ socket }, response) => {
      response.end(remoteFingerprint(socket as never));
    },
  );
  await publish(server, 443);
  const get = (pinned: string): Promise<string> => {
    const agent = createHttpsAgent(left, alice.clientOptions(pinned));
    return bodyOf(https.get({ host: right.address, agent }));
  };
  expect(await get(bob.fingerprint)).toBe(alice.fingerprint);
  await expect(get(mallory.fingerprint)).rejects.toMatchObject({
    code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
  });
});

test('fetch between identities goes through tunnels', async () => {
  const server = https.createServer(bob.serverOptions(alice.fingerprint), (request, response) => {
    request.pipe(response);
  });
  await publish(server, 443);
  const connect = createConnector(left, alice.clientOptions(bob.fingerprint));
  const dispatcher = new Agent({ connect });
  const body = 'x'.repeat(200_000);
  const response = await fetch(`https://[${right.address}]/`, { method: 'POST', body, dispatcher });
  expect(await response.text()).toBe(body);
  await dispatcher.close();
});
