import { dialects, kinds, Lab } from './lab.mjs';
import { picture } from './picture.mjs';

const MOST_ARROWS = 300;
const form = document.querySelector('form');
const find = (id) => document.getElementById(id);
const wanted = new URLSearchParams(location.search);
let lab;

/** Fills a choice, and chooses what the address of the page says. */
function offer(name, values) {
  form.elements[name].replaceChildren(...values.map((value) => new Option(value)));
  if (values.includes(wanted.get(name))) form.elements[name].value = wanted.get(name);
}

function show() {
  const { sent, answered } = lab.pings;
  for (const name of ['alice', 'bob']) {
    const { path, since, theory } = lab.path(name);
    find(`${name}-address`).textContent = lab.peers[name].address;
    find(`${name}-path`).textContent = path;
    find(`${name}-path`).className = path;
    find(`${name}-since`).textContent =
      since === null ? 'not looked for' : `since ${since.toFixed(0)} ms`;
    find(`${name}-theory`).textContent = `${theory.path}: ${theory.reason}`;
    find(`${name}-forgets`).disabled = lab.nats[name] === undefined;
  }
  find('pings').textContent =
    `${answered} of ${sent} pings answered, ${(lab.now / 1000).toFixed(1)} s`;
  find('wire').innerHTML = picture(lab.arrows(MOST_ARROWS));
}

function meet() {
  const choice = Object.fromEntries(new FormData(form));
  history.replaceState(null, '', `?${new URLSearchParams(choice)}`);
  lab = new Lab(choice);
  lab.talk(choice.first);
  show();
  find('wire').scrollTop = 0;
}

/** A button that does something to the peers as they are now. */
function act(id, action) {
  find(id).addEventListener('click', () => {
    action();
    show();
    find('wire').scrollTop = find('wire').scrollHeight;
  });
}

offer('dialect', dialects);
offer('alice', Object.keys(kinds));
offer('bob', Object.keys(kinds));
offer('first', ['alice', 'bob', 'both']);
form.addEventListener('change', meet);
for (const name of ['alice', 'bob']) {
  act(`${name}-pings`, () => {
    lab.ping(name);
    lab.net.run(1_000);
  });
  act(`${name}-forgets`, () => lab.nats[name].forget());
}
act('wait', () => lab.net.run(60_000));
meet();
