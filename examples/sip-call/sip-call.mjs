/**
 * Alice calls Bob, both behind NATs: SIP and RTP over 6bed4, in one process and without privileges.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { formatEndpoint } from '@6bed4/codec';
import { memoryNetwork, openTunnel, startRouter } from '@6bed4/node';
import { Inviter, UserAgent } from 'sip.js';
import { createPhone } from './phone.mjs';

const ROUTER = '198.51.100.1';
const HOMES = { alice: '192.0.2.10', bob: '203.0.113.20' };
const { values } = parseArgs({
  options: {
    open: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '3' },
  },
});

const begin = performance.now();
const say = (text) => {
  console.log(`${((performance.now() - begin) / 1000).toFixed(3).padStart(7)} s  ${text}`);
};

// Each peer is bound where its NAT shows it to the world. A NAT lets in what comes from where its peer
// has written to (RFC 4787 §5, address and port-dependent filtering); with --open, Bob's lets in all.
const written = new Set();
function forward({ source, destination }) {
  written.add(`${formatEndpoint(source)} ${formatEndpoint(destination)}`);
  const isHome = Object.values(HOMES).includes(destination.address);
  if (!isHome || (values.open && destination.address === HOMES.bob)) return true;
  return written.has(`${formatEndpoint(destination)} ${formatEndpoint(source)}`);
}

const network = memoryNetwork({ forward });
const router = await startRouter({ listen: ROUTER, datagrams: network.bind(ROUTER, 25790) });

async function moveIn(user, onInvite) {
  const datagrams = network.bind(HOMES[user]);
  const tunnel = await openTunnel({ routers: router.endpoint, datagrams });
  tunnel.on('path', ({ path }) =>
    say(`${user}: packets go ${path === 'direct' ? 'straight' : 'through the router'} from now on`),
  );
  const { address, createSocket } = tunnel;
  const trace = ({ ruri, method, statusCode, reasonPhrase }, transmission) => {
    if (transmission === 'received') return;
    const what = ruri === undefined ? `${statusCode} ${reasonPhrase}` : method;
    say(`${user}: ${what}${transmission > 1 ? ', again' : ''}`);
  };
  const phone = createPhone({ user, address, createSocket, onInvite, trace });
  await phone.start();
  say(`${user} is at ${phone.configuration.uri}`);
  return { user, tunnel, phone };
}
