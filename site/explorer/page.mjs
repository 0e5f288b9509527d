import { formatIPv4 } from '@6bed4/codec';
import { bitAt, bitsValue, PARTS } from './fields.mjs';
import { endpointText, explainMistake, makeAddress, PROFILES, readAddress } from './model.mjs';

const VERDICTS = { fits: 'yes', possible: 'maybe: its prefix does not tell', no: 'no' };
const BITS_A_GROUP = 16;
const FIRST_ADDRESS = 'fc64:bed:c633:6401:c433:6402:e49e:8001';

const find = (id) => document.getElementById(id);
let reading;
let chosen = 'draft03';

/** An element with attributes, and with text or elements in it; text never becomes markup. */
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const cell = (...children) => element('td', {}, ...children);
const rowHeader = (...children) => element('th', { scope: 'row' }, ...children);
const code = (text) => element('code', {}, text);

/** The parameters in the fragment of the URL, whatever is in there. */
function fragment() {
  return new URLSearchParams(location.hash.slice(1));
}

/** A fragment that keeps the signs of addresses readable. */
function fragmentOf(parameters) {
  return `#${new URLSearchParams(parameters)}`.replaceAll('%3A', ':').replaceAll('%2F', '/');
}

function showVerdicts() {
  find('verdicts').tBodies[0].replaceChildren(
    ...reading.readings.map(({ name, verdict, objections, peer, decoded, lanip }) => {
      const reasons = objections.length === 0 ? '' : `: ${objections.join('; ')}`;
      return element(
        'tr',
        { class: verdict },
        rowHeader(name),
        cell(`${VERDICTS[verdict]}${reasons}`),
        cell(verdict === 'no' ? '–' : code(endpointText(peer))),
        cell(decoded.router === null ? '–' : code(endpointText(decoded.router))),
        cell(verdict === 'no' || lanip === null ? '–' : String(lanip)),
      );
    }),
  );
}

/** The letter of the field of a bit, and whether the bit begins a field. */
function placeOf(bit, fields) {
  const field = fields.find(({ from, to }) => bit >= from && bit < to);
  return { part: field.part, begins: field.from === bit };
}

function showBits({ fields }) {
  const columns = Array.from({ length: BITS_A_GROUP }, (_, bit) =>
    element('th', { scope: 'col' }, String(bit)),
  );
  const rows = Array.from({ length: 128 / BITS_A_GROUP }, (_, group) => {
    const first = group * BITS_A_GROUP;
    const hex = bitsValue(reading.bytes, first, first + BITS_A_GROUP)
      .toString(16)
      .padStart(4, '0');
    const cells = Array.from({ length: BITS_A_GROUP }, (_, index) => {
      const { part, begins } = placeOf(first + index, fields);
      const { letter, name } = PARTS[part];
      return element(
        'td',
        { class: `part-${part}${begins ? ' begins' : ''}`, title: `bit ${first + index}: ${name}` },
        String(bitAt(reading.bytes, first + index)),
        element('abbr', { title: name }, letter),
      );
    });
    return element(
      'tr',
      {},
      element('th', { scope: 'row' }, element('span', {}, `${first}`), code(hex)),
      ...cells,
    );
  });
  find('bits').replaceChildren(
    element(
      'caption',
      {},
      `All 128 bits of ${reading.text}; a letter says which field a bit belongs to`,
    ),
    element('thead', {}, element('tr', {}, element('th', { scope: 'col' }, 'Group'), ...columns)),
    element('tbody', {}, ...rows),
  );
}

/** The value of a field: bits if it is short, an IPv4 address if it holds a whole one. */
function fieldValue({ from, to, part }) {
  const length = to - from;
  if (length > 32) return '';
  const value = bitsValue(reading.bytes, from, to);
  if (length <= 8) return code(value.toString(2).padStart(length, '0'));
  if (length === 32 && (part === 'router' || part === 'ipv4')) return code(formatIPv4(value));
  return code(`0x${value.toString(16)} = ${value}`);
}

function showFields({ fields }) {
  find('fields').tBodies[0].replaceChildren(
    ...fields.map((field) => {
      const { from, to, part, text } = field;
      const { letter, name } = PARTS[part];
      return element(
        'tr',
        {},
        cell(to - from === 1 ? String(from) : `${from}–${to - 1}`),
        rowHeader(element('span', { class: `key part-${part}` }, letter), ` ${name}`),
        cell(fieldValue(field)),
        cell(text),
      );
    }),
  );
}

function showForms({ peer, linkLayer, linkLocal, profile, remarks }) {
  const entries =
    peer === null
      ? [['Peer', 'none can be read']]
      : [
          ['UDP endpoint', code(endpointText(peer))],
          ['Link-layer address', code(linkLayer)],
          ['Link-local address', code(linkLocal)],
          ['Length of the on-link prefix', `/${profile.layout.prefixLength}`],
        ];
  for (const remark of remarks) entries.push(['Note', remark]);
  find('forms').replaceChildren(
    ...entries.map(([term, text]) =>
      element('div', {}, element('dt', {}, term), element('dd', {}, text)),
    ),
  );
}

function summary() {
  const best = reading.readings.find(({ verdict }) => verdict !== 'no');
  const { kind } = reading.readings[0];
  if (best === undefined) return `${reading.text} is no 6bed4 address in any generation (${kind}).`;
  const names = reading.readings
    .filter(({ verdict }) => verdict === best.verdict)
    .map(({ name }) => name);
  const maybe = best.verdict === 'possible' ? 'may be a' : 'is a';
  const router =
    best.decoded.router === null ? '' : `, router ${endpointText(best.decoded.router)}`;
  return `${reading.text} ${maybe} 6bed4 address in ${names.join(', ')}: peer ${endpointText(best.peer)}${router}.`;
}

function showChosen() {
  const shown = reading.readings.find(({ key }) => key === chosen);
  showBits(shown);
  showFields(shown);
  showForms(shown);
}

function show() {
  find('summary').textContent = summary();
  showVerdicts();
  showChosen();
}

/** Tells a mistake, or takes it back. */
function tell(id, inputs, message) {
  find(id).textContent = message;
  for (const input of inputs) {
    if (message === '') input.removeAttribute('aria-invalid');
    else input.setAttribute('aria-invalid', 'true');
  }
}

function decode(text, dialect) {
  try {
    reading = readAddress(text);
  } catch {
    tell('address-error', [find('address')], `No IPv6 address. ${explainMistake(text)}`);
    find('reading').hidden = true;
    return;
  }
  tell('address-error', [find('address')], '');
  const best = reading.readings.find(({ verdict }) => verdict !== 'no') ?? reading.readings[0];
  chosen = Object.hasOwn(PROFILES, dialect ?? '') ? dialect : best.key;
  for (const radio of find('dialects').querySelectorAll('input'))
    radio.checked = radio.value === chosen;
  find('reading').hidden = false;
  show();
}

function follow() {
  const parameters = fragment();
  const text = parameters.get('address') ?? FIRST_ADDRESS;
  find('address').value = text;
  decode(text, parameters.get('dialect'));
}

function encode() {
  const form = find('encode');
  const { dialect, prefix, router, peer, lanip } = form.elements;
  const inputs = { prefix, router, peer, lanip };
  tell('encode-error', Object.values(inputs), '');
  try {
    const values = Object.fromEntries(new FormData(form));
    location.hash = fragmentOf({ address: makeAddress(values), dialect: dialect.value });
    find('address').focus();
  } catch (error) {
    if (error?.name !== 'InvalidArgumentError') throw error;
    const named = inputs[error.field === 'port' ? 'peer' : error.field] ?? peer;
    tell(
      'encode-error',
      [named],
      `${error.field}: found ${error.found}, expected ${error.expected}.`,
    );
    named.focus();
  }
}

for (const [key, { name }] of Object.entries(PROFILES)) {
  const radio = element('input', { type: 'radio', name: 'dialect', value: key });
  find('dialects').append(element('label', {}, radio, ` ${name}`));
  find('encode').elements.dialect.append(element('option', { value: key }, name));
}
find('dialects').addEventListener('change', (event) => {
  chosen = event.target.value;
  history.replaceState(null, '', fragmentOf({ address: reading.text, dialect: chosen }));
  showChosen();
});
find('decode').addEventListener('submit', (event) => {
  event.preventDefault();
  const hash = fragmentOf({ address: find('address').value.trim() });
  if (hash === location.hash) follow();
  else location.hash = hash;
});
find('encode').addEventListener('submit', (event) => {
  event.preventDefault();
  encode();
});
addEventListener('hashchange', follow);
follow();
