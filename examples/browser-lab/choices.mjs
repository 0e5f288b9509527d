import { dialects, natChoices } from './lab.mjs';
import { actions } from './recording.mjs';

const HIGHEST_SEED = 0xffff_ffff;
const DECIMAL = /^\d{1,10}$/;

/** The values of each choice; the first is the default. */
export const values = {
  dialect: dialects,
  alice: Object.keys(natChoices),
  bob: Object.keys(natChoices),
  first: ['alice', 'bob', 'both'],
};

/** A number in a link, or the default for anything else. */
function readNumber(text, highest, otherwise) {
  return DECIMAL.test(text ?? '') ? Math.min(Number(text), highest) : otherwise;
}

/**
 * Reads a link; whatever it holds that is no choice is left out.
 *
 * @param {URLSearchParams} parameters
 * @returns the choices, the actions after the first pings, and the time in milliseconds or null
 */
export function readLink(parameters) {
  const choices = Object.fromEntries(
    Object.entries(values).map(([name, list]) => {
      const given = parameters.get(name);
      return [name, list.includes(given) ? given : list[0]];
    }),
  );
  const script = (parameters.get('then') ?? '')
    .split('.')
    .filter((name) => Object.hasOwn(actions, name));
  return {
    choices: { ...choices, seed: readNumber(parameters.get('seed'), HIGHEST_SEED, 1) },
    script,
    time: readNumber(parameters.get('t'), Number.MAX_SAFE_INTEGER, null),
  };
}

/** Writes what {@link readLink} reads. */
export function writeLink({ choices, script, time }) {
  const parameters = new URLSearchParams(choices);
  if (script.length > 0) parameters.set('then', script.join('.'));
  parameters.set('t', String(time));
  return parameters.toString();
}
