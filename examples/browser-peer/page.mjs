import { PagePeer } from './pagePeer.mjs';

const element = (id) => document.getElementById(id);
const show = (id, text) => {
  element(id).textContent = text;
};
let peer = null;

/** Connects to the gateway of the form. */
function connect() {
  peer?.close();
  peer = new PagePeer({
    gateway: element('gateway').value,
    token: element('token').value || undefined,
    platform: globalThis,
    changed(event) {
      if (!event.type.startsWith('address-')) return;
      show('address', peer.address ?? 'none yet');
      const { publicEndpoint: endpoint } = event;
      show('endpoint', endpoint ? `${endpoint.address}:${endpoint.port}` : 'none yet');
      show('state', '');
      askOnce();
    },
    closed({ code, reason, retryIn }) {
      const next = retryIn === null ? '' : ', trying again';
      show('state', `no connection: ${reason || code}${next}`);
    },
  });
}

async function ping() {
  show('ping', '…');
  try {
    show('ping', `${(await peer.ping(element('remote').value)).toFixed(1)} ms`);
  } catch (error) {
    show('ping', error.message);
  }
}

async function load() {
  show('text', '…');
  try {
    show('text', await peer.load(element('remote').value, Number(element('port').value)));
  } catch (error) {
    show('text', error.message);
  }
}

element('connect').addEventListener('submit', (event) => {
  event.preventDefault();
  connect();
});
element('ask').addEventListener('submit', (event) => {
  event.preventDefault();
  if (peer === null || peer.address === null) show('state', 'connect first');
  else if (event.submitter?.name === 'load') load();
  else ping();
});
addEventListener('online', () => peer?.networkChanged());

// A link can have it all: page.html#gateway=wss://…&remote=…&port=…
const wishes = new URLSearchParams(location.hash.slice(1));
for (const name of ['gateway', 'remote', 'port']) {
  if (wishes.has(name)) element(name).value = wishes.get(name);
}
let asked = false;

/** Does what the link asks for, once there is an address. */
async function askOnce() {
  if (asked || peer.address === null || !wishes.has('remote')) return;
  asked = true;
  await ping();
  await load();
  show('state', 'done');
}

if (wishes.has('gateway')) connect();
