import { Lab } from './lab.mjs';
import { isDrawn } from './picture.mjs';

const ANSWER_TIME = 1_000;
const MINUTE = 60_000;
/** More would make a link slow to open. */
const MOST_ACTIONS = 40;

/** What can be done after the first pings, by the names in links. */
export const actions = {
  'alice-pings': pinging('alice'),
  'bob-pings': pinging('bob'),
  'alice-resets': resetting('alice'),
  'bob-resets': resetting('bob'),
  wait: { text: 'a minute passes', run: (lab) => lab.run(MINUTE) },
};

function pinging(name) {
  return {
    text: `${name} pings`,
    run(lab) {
      lab.ping(name);
      lab.run(ANSWER_TIME);
    },
  };
}

function resetting(name) {
  return { text: `${name}'s NAT is reset`, run: (lab) => lab.nats[name]?.reset() };
}

/** Everything that happens in a lab, to be looked at in any order; the same for the same choices. */
export class Recording {
  /** @type {{ at: number, peers: object, pings: object }[]} */
  #states = [];
  /** @type {{ at: number, text: string }[]} */
  notes = [];
  /** Names of the actions after the first pings. */
  script;

  constructor(choices, script) {
    this.lab = new Lab(choices);
    this.script = script.slice(0, MOST_ACTIONS);
    this.lab.onStep = () => this.#look();
    this.#look();
    this.lab.talk(choices.first);
    for (const name of this.script) this.#act(name);
    this.#finish();
  }

  /** Does one thing more at the end. @returns whether there was room for it */
  add(name) {
    if (this.script.length >= MOST_ACTIONS) return false;
    this.script = [...this.script, name];
    this.#act(name);
    this.#finish();
    return true;
  }

  /** The last state at a time, in milliseconds. */
  stateAt(time) {
    return this.#states.findLast(({ at }) => at <= time) ?? this.#states[0];
  }

  #act(name) {
    const { text, run } = actions[name];
    this.notes.push({ at: this.lab.now, text });
    run(this.lab);
    this.#look();
  }

  #finish() {
    this.end = Math.ceil(this.lab.now);
    this.arrows = this.lab.arrows().filter(isDrawn);
  }

  /** Keeps the state if it changed. */
  #look() {
    const peers = { alice: this.lab.path('alice'), bob: this.lab.path('bob') };
    const { pings } = this.lab;
    const last = this.#states.at(-1);
    if (
      last !== undefined &&
      JSON.stringify([last.peers, last.pings]) === JSON.stringify([peers, pings])
    )
      return;
    this.#states.push({ at: this.#states.length === 0 ? 0 : this.lab.now, peers, pings });
  }
}
