import { readLink, values, writeLink } from './choices.mjs';
import { contentOf, picture } from './picture.mjs';
import { offerRealPeer } from './realPeer.mjs';
import { actions, Recording } from './recording.mjs';
import { Timeline } from './timeline.mjs';

const ROW_LIMIT = 300;
const NAMES = ['alice', 'bob'];
/** Milliseconds without a change before the link in the address bar follows. */
const LINK_PAUSE = 250;

const find = (id) => document.getElementById(id);
const form = find('choices');
const timeline = new Timeline(show);
let recording;
let linkTimer;

/** The link to what is shown. */
function link() {
  const { script } = recording;
  return `#${writeLink({ choices: choices(), script, time: timeline.time })}`;
}

function choices() {
  return readLink(new URLSearchParams(new FormData(form))).choices;
}

/** Browsers allow few changes of the address bar in a row. */
function followInAddressBar() {
  clearTimeout(linkTimer);
  linkTimer = setTimeout(() => history.replaceState(null, '', link()), LINK_PAUSE);
}

function showPeers({ peers }) {
  for (const name of NAMES) {
    const { path, since, prediction } = peers[name];
    find(`${name}-address`).textContent = recording.lab.peers[name].address;
    find(`${name}-path`).textContent = path;
    find(`${name}-path`).className = path;
    find(`${name}-since`).textContent =
      since === null ? 'not looked for' : `since ${since.toFixed(0)} ms`;
    find(`${name}-prediction`).textContent = `${prediction.path}: ${prediction.reason}`;
    find(`${name}-resets`).disabled = recording.lab.nats[name] === undefined;
  }
}

function packetRow({ at, from, to, text }) {
  const row = document.createElement('tr');
  for (const content of [`${at.toFixed(0)} ms`, from, to, text])
    row.insertCell().textContent = content;
  return row;
}

function showPackets(time) {
  const sent = recording.arrows.filter(({ at }) => at <= time);
  find('wire').innerHTML = picture(sent.slice(-ROW_LIMIT), time, recording.arrows);
  const packets = sent.map((arrow) => ({
    ...arrow,
    text: arrow.end <= time ? contentOf(arrow) : `${arrow.label}, on its way`,
  }));
  const notes = recording.notes
    .filter(({ at }) => at <= time)
    .map(({ at, text }) => ({ at, from: '', to: '', text }));
  const rows = [...packets, ...notes]
    .sort((a, b) => a.at - b.at)
    .slice(-ROW_LIMIT)
    .map(packetRow);
  rows.at(-1)?.setAttribute('aria-current', 'true');
  find('packets')
    .querySelector('tbody')
    .replaceChildren(...rows);
  for (const id of ['wire', 'packets']) find(id).scrollTop = find(id).scrollHeight;
}

function show() {
  const { time } = timeline;
  const state = recording.stateAt(time);
  const { sent, answered } = state.pings;
  showPeers(state);
  showPackets(time);
  find('pings').textContent =
    `${answered} of ${sent} pings answered, ${(time / 1000).toFixed(1)} s`;
  find('link-copied').textContent = '';
  followInAddressBar();
}

/** Shows another recording from a time on; null is its end. */
function record({ choices, script, time }) {
  form.elements.seed.value = String(choices.seed);
  recording = new Recording(choices, script);
  timeline.load(recording, time ?? recording.end);
}

function open() {
  const parameters = new URLSearchParams(
    location.hash === '' ? location.search : location.hash.slice(1),
  );
  const wanted = readLink(parameters);
  for (const [name, value] of Object.entries(wanted.choices))
    form.elements[name].value = String(value);
  record(wanted);
}

async function copyLink() {
  history.replaceState(null, '', link());
  try {
    await navigator.clipboard.writeText(location.href);
    find('link-copied').textContent = 'copied';
  } catch {
    find('link-copied').textContent = 'the link is in the address bar';
  }
}

for (const [name, list] of Object.entries(values)) {
  form.elements[name].replaceChildren(...list.map((value) => new Option(value)));
}
form.addEventListener('change', () => record({ choices: choices(), script: [], time: null }));
form.addEventListener('submit', (event) => event.preventDefault());
for (const name of Object.keys(actions)) {
  find(name).addEventListener('click', () => {
    if (recording.add(name)) timeline.load(recording, recording.end);
    else find('pings').textContent = 'A link holds no more actions than these.';
  });
}
// Keys scroll what has the focus.
for (const id of ['wire', 'packets']) find(id).tabIndex = 0;
find('link').addEventListener('click', copyLink);
addEventListener('hashchange', open);
offerRealPeer();
open();
