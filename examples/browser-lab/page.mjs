import { dialects, Lab, natChoices } from './lab.mjs';
import { picture } from './picture.mjs';

const ARROW_LIMIT = 300;
const form = document.querySelector('form');
const find = (id) => document.getElementById(id);
const parameters = new URLSearchParams(location.search);
let lab;

/** Fills a list of choices, and selects the one in the URL of the page. */
function fillChoices(name, values) {
  form.elements[name].replaceChildren(...values.map((value) => new Option(value)));
  if (values.includes(parameters.get(name))) form.elements[name].value = parameters.get(name);
}

function show() {
  const { sent, answered } = lab.pings;
  for (const name of ['alice', 'bob']) {
    const { path, since, prediction } = lab.path(name);
    find(`${name}-address`).textContent = lab.peers[name].address;
    find(`${name}-path`).textContent = path;
    find(`${name}-path`).className = path;
    find(`${name}-since`).textContent =
      since === null ? 'not looked for' : `since ${since.toFixed(0)} ms`;
    find(`${name}-prediction`).textContent = `${prediction.path}: ${prediction.reason}`;
    find(`${name}-resets`).disabled = lab.nats[name] === undefined;
  }
  find('pings').textContent =
    `${answered} of ${sent} pings answered, ${(lab.now / 1000).toFixed(1)} s`;
  find('wire').innerHTML = picture(lab.arrows(ARROW_LIMIT));
}

function begin() {
  const choice = Object.fromEntries(new FormData(form));
  history.replaceState(null, '', `?${new URLSearchParams(choice)}`);
  lab = new Lab(choice);
  lab.talk(choice.first);
  show();
  find('wire').scrollTop = 0;
}

/** Runs an action on the present peers when a button is clicked. */
function onClick(id, action) {
  find(id).addEventListener('click', () => {
    action();
    show();
    find('wire').scrollTop = find('wire').scrollHeight;
  });
}

fillChoices('dialect', dialects);
fillChoices('alice', Object.keys(natChoices));
fillChoices('bob', Object.keys(natChoices));
fillChoices('first', ['alice', 'bob', 'both']);
form.addEventListener('change', begin);
for (const name of ['alice', 'bob']) {
  onClick(`${name}-pings`, () => {
    lab.ping(name);
    lab.net.run(1_000);
  });
  onClick(`${name}-resets`, () => lab.nats[name].reset());
}
onClick('wait', () => lab.net.run(60_000));
begin();
