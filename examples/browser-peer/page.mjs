import { PagePeer } from './pagePeer.mjs';
import { complaintAbout, wordsFor } from './words.mjs';

/** Milliseconds for a router to answer. */
const ROUTER_PATIENCE = 5_000;
const NONE = 'none yet';

const element = (id) => document.getElementById(id);
const show = (id, text) => {
  element(id).textContent = text;
};
let peer = null;
let lastAddress = null;
let routerTimer;

/** Shows how it stands: `good`, `bad`, or neither. */
function tell(text, kind = '') {
  show('state', text);
  element('state').className = kind;
}

function showAddress() {
  show('address', peer.address ?? NONE);
  if (peer.address === null) return;
  clearTimeout(routerTimer);
  const isSame = peer.address === lastAddress;
  lastAddress = peer.address;
  tell(isSame ? 'Connected again, with the same address.' : 'Connected.', 'good');
  askOnce();
}

function opened({ endpoint, routers, resumed }) {
  show('endpoint', `${endpoint.address}:${endpoint.port}`);
  show('router', routers.map(({ address, port }) => `${address}:${port}`).join(', '));
  if (resumed && peer.address !== null) {
    showAddress();
    return;
  }
  tell('Connected to the gateway, asking a router for an address.');
  clearTimeout(routerTimer);
  routerTimer = setTimeout(() => {
    tell('The gateway is there, but no router answers behind it.', 'bad');
  }, ROUTER_PATIENCE);
}

/** Connects to the gateway of the form. */
function connect() {
  peer?.close();
  peer = null;
  lastAddress = null;
  clearTimeout(routerTimer);
  for (const id of ['address', 'endpoint', 'router']) show(id, NONE);
  const [gateway, token] = [element('gateway').value.trim(), element('token').value];
  const complaint = complaintAbout(gateway, token, location.href);
  if (complaint !== null) {
    tell(complaint, 'bad');
    return;
  }
  tell(`Connecting to ${gateway}.`);
  const mine = new PagePeer({
    gateway,
    token: token || undefined,
    platform: globalThis,
    opened: (hello) => mine === peer && opened(hello),
    changed: ({ type }) => mine === peer && type.startsWith('address-') && showAddress(),
    closed(failure) {
      if (mine !== peer) return;
      clearTimeout(routerTimer);
      tell(wordsFor(failure, location.origin), 'bad');
    },
  });
  peer = mine;
}

/** Shows what a question leads to: the answer, or what is wrong. */
async function showAnswer(id, ask) {
  show(id, '…');
  try {
    show(id, await ask());
  } catch (error) {
    show(id, error.message);
  }
}

function ping(remote) {
  return showAnswer('ping', async () => {
    const milliseconds = await peer.ping(remote);
    const path = peer.pathTo(remote) === 'relayed' ? 'relayed by the router' : 'on the direct path';
    return `${milliseconds.toFixed(1)} ms there and back, ${path}`;
  });
}

function load(remote, port) {
  return showAnswer('text', () => peer.load(remote, port));
}

function ask(what) {
  if (peer === null || peer.address === null) {
    tell('Connect to a gateway first.', 'bad');
    return null;
  }
  const remote = element('remote').value.trim();
  return what === 'load' ? load(remote, Number(element('port').value)) : ping(remote);
}

element('connect').addEventListener('submit', (event) => {
  event.preventDefault();
  connect();
});
element('ask').addEventListener('submit', (event) => {
  event.preventDefault();
  ask(event.submitter?.name);
});
addEventListener('online', () => peer?.networkChanged());

// A link can have it all: index.html#gateway=wss://…&remote=…&port=…
const wishes = new URLSearchParams(location.hash.slice(1));
for (const name of ['gateway', 'remote', 'port']) {
  if (wishes.has(name)) element(name).value = wishes.get(name);
}

/** Does what the link asks for, once there is an address. */
async function askOnce() {
  if (!wishes.has('remote')) return;
  wishes.delete('remote');
  await ask('ping');
  await ask('load');
}

if (wishes.has('gateway')) connect();
