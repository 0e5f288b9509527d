/** Alice calls Bob, both behind NATs: SIP and RTP over 6bed4, in one process and without privileges. */
import { setTimeout as sleep } from 'node:timers/promises';
import { formatEndpoint } from '@6bed4/codec';
import { memoryNetwork, openTunnel, startRouter } from '@6bed4/node';
import { Inviter } from 'sip.js';
import { createPhone } from './phone.mjs';

const ROUTER = '198.51.100.1';
const BOB = '203.0.113.20';
const VERBS = { received: 'receives', 1: 'sends' };
const OPEN = process.argv.includes('--open-nat') ? [ROUTER, BOB] : [ROUTER];
const SRTP = process.argv.includes('--srtp');

const log = (text) => console.log(`${(performance.now() / 1000).toFixed(3).padStart(6)}  ${text}`);

// Peers are bound to the external endpoints of their NATs. A NAT lets in what comes from an endpoint that its
// peer has sent to (address and port-dependent filtering, RFC 4787 §5); an open one lets in all.
const sentTo = new Set();
function forward({ source, destination }) {
  const [from, to] = [formatEndpoint(source), formatEndpoint(destination)];
  sentTo.add(`${from} ${to}`);
  return OPEN.includes(destination.address) || sentTo.has(`${to} ${from}`);
}
const network = memoryNetwork({ forward });
const router = await startRouter({ listen: ROUTER, datagrams: network.bind(ROUTER) });

async function startPhone(user, ipv4) {
  const tunnel = await openTunnel({ routers: router.endpoint, datagrams: network.bind(ipv4) });
  tunnel.on('path', ({ path }) => log(`${user}: path ${path}`));
  const trace = (line, transmission) => {
    const what = line.replace(/ sip:\S+| ?SIP\/2\.0 ?/g, '');
    log(`${user} ${VERBS[transmission] ?? 'resends'} ${what}`);
  };
  const report = ({ received, lost, jitter, dropped }) => {
    const [{ packetsSentDirect, packetsSentRelayed }] = tunnel.peer.remotes();
    log(
      `${user} received ${received} packets of ${dropped ? 'SRTP' : 'RTP'}, lost ${lost}, jitter ${jitter.toFixed(1)} ms`,
    );
    log(
      `${user} sent ${packetsSentDirect} packets directly, ${packetsSentRelayed} through the router`,
    );
  };
  const { address, createSocket } = tunnel;
  const phone = createPhone({ user, address, createSocket, trace, report, srtp: SRTP });
  await phone.start();
  log(`${user} is ${phone.configuration.uri}, behind a NAT at ${ipv4}`);
  return { tunnel, phone };
}

const bob = await startPhone('bob', BOB);
const alice = await startPhone('alice', '192.0.2.10');
const call = new Inviter(alice.phone, bob.phone.configuration.uri);
const succeeded = (request) =>
  new Promise((onAccept, onReject) => request({ requestDelegate: { onAccept, onReject } }));
await succeeded((options) => call.invite(options));
await sleep(3_000);
await succeeded((options) => call.bye(options));
await Promise.all([alice.phone.stop(), bob.phone.stop()]);
await Promise.all([alice.tunnel, bob.tunnel, router].map((part) => part.close()));
