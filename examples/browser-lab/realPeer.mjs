import { PagePeer } from '@6bed4/example-browser-peer/pagePeer.mjs';
import { complaintAbout, wordsFor } from '@6bed4/example-browser-peer/words.mjs';

const find = (id) => document.getElementById(id);
let peer = null;

function tell(text) {
  find('real-state').textContent = text;
}

function showAddress() {
  const { address } = peer;
  find('real-address').textContent = address ?? 'none yet';
  find('real').elements.ping.disabled = address === null;
  if (address !== null) tell('Connected.');
}

/** Makes the page a peer over the gateway of the form. */
function connect(gateway, token) {
  peer?.close();
  peer = null;
  find('real-address').textContent = 'none yet';
  find('real').elements.ping.disabled = true;
  const complaint = complaintAbout(gateway, token, location.href);
  tell(complaint ?? `Connecting to ${gateway}.`);
  if (complaint !== null) return;
  const mine = new PagePeer({
    gateway,
    token: token || undefined,
    platform: globalThis,
    opened() {
      if (mine !== peer) return;
      tell('Connected to the gateway, asking a router for an address.');
      if (mine.address !== null) showAddress();
    },
    changed: ({ type }) => mine === peer && type.startsWith('address-') && showAddress(),
    closed: (failure) => mine === peer && tell(wordsFor(failure, location.origin)),
  });
  peer = mine;
}

async function ping(remote) {
  const shown = find('real-ping');
  shown.textContent = '…';
  try {
    shown.textContent = `${(await peer.ping(remote)).toFixed(1)} ms there and back`;
  } catch (error) {
    shown.textContent = error.message;
  }
}

/** Lets the form for a real peer do something; nothing is connected before somebody asks for it. */
export function offerRealPeer() {
  const form = find('real');
  const value = (name) => form.elements[name].value.trim();
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (event.submitter?.name === 'ping') ping(value('remote'));
    else connect(value('gateway'), value('token'));
  });
  addEventListener('online', () => peer?.networkChanged());
}
