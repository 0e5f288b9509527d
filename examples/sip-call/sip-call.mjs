/** Alice calls Bob, both behind NATs: SIP and RTP over 6bed4, in one process and without privileges. */
import { setTimeout as sleep } from 'node:timers/promises';
import { formatEndpoint } from '@6bed4/codec';
import { memoryNetwork, openTunnel, startRouter } from '@6bed4/node';
import { Inviter } from 'sip.js';
import { createPhone } from './phone.mjs';

const ROUTER = '198.51.100.1';
const BOB = '203.0.113.20';
const VERBS = { received: 'hears', 1: 'says' };
const OPEN = process.argv.includes('--open-nat') ? [ROUTER, BOB] : [ROUTER];

const say = (text) => console.log(`${(performance.now() / 1000).toFixed(3).padStart(6)}  ${text}`);

// Peers are bound where their NATs show them to the world. A NAT lets in what comes from where its peer has
// written to (address and port-dependent filtering, RFC 4787 §5); an open one lets in all.
const written = new Set();
function forward({ source, destination }) {
  const [from, to] = [formatEndpoint(source), formatEndpoint(destination)];
  written.add(`${from} ${to}`);
  return OPEN.includes(destination.address) || written.has(`${to} ${from}`);
}
const network = memoryNetwork({ forward });
const router = await startRouter({ listen: ROUTER, datagrams: network.bind(ROUTER) });

async function installPhone(user, ipv4) {
  const tunnel = await openTunnel({ routers: router.endpoint, datagrams: network.bind(ipv4) });
  tunnel.on('path', ({ path }) => say(`${user}: path ${path}`));
  const trace = (line, transmission) => {
    const what = line.replace(/ sip:\S+| ?SIP\/2\.0 ?/g, '');
    say(`${user} ${VERBS[transmission] ?? 'repeats'} ${what}`);
  };
  const report = ({ received, lost, jitter }) => {
    const [{ packetsSentDirect, packetsSentRelayed }] = tunnel.peer.remotes();
    say(`${user} heard ${received} packets of RTP, missed ${lost}, jitter ${jitter.toFixed(1)} ms`);
    say(`${user} sent ${packetsSentDirect} packets straight, ${packetsSentRelayed} by the router`);
  };
  const { address, createSocket } = tunnel;
  const phone = createPhone({ user, address, createSocket, trace, report });
  await phone.start();
  say(`${user} is ${phone.configuration.uri}, behind a NAT at ${ipv4}`);
  return { tunnel, phone };
}

const bob = await installPhone('bob', BOB);
const alice = await installPhone('alice', '192.0.2.10');
const call = new Inviter(alice.phone, bob.phone.configuration.uri);
const succeeded = (ask) =>
  new Promise((onAccept, onReject) => ask({ requestDelegate: { onAccept, onReject } }));
await succeeded((options) => call.invite(options));
await sleep(3_000);
await succeeded((options) => call.bye(options));
await Promise.all([alice.phone.stop(), bob.phone.stop()]);
await Promise.all([alice.tunnel, bob.tunnel, router].map((part) => part.close()));
