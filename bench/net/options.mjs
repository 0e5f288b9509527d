import { parseArgs } from 'node:util';

export const USAGE = `npm run bench:net -- [--quick] [--against REV] [--rounds N] [--seconds S]
                     [--measure NAME,…] [--candidate TEXT,…] [--docs FOLDER] [--json FILE]

  --quick            one round of short measurements, for a first impression
  --against REV      build this revision, too, in a temporary working tree, and compare each figure with its;
                     only 6bed4 with all offloads, with none, and with the portable driver, from peer to peer,
                     three rounds with --quick, unless other options say something else
  --rounds N         how often all is measured, candidates in turn; default: 5
  --seconds S        how long streams flow for one measurement; frames half as long; default: 2
  --measure NAME,…   only these of relay, path, flows and footprint
  --candidate TEXT,… only candidates whose name holds one of these
  --docs FOLDER      write performance.md and performance.svg there
  --json FILE        write all samples

A round is disturbed when other programs take more than a tenth of the processors right before or after, or a
hypervisor gives more than 2 % of the time to other machines; then it counts only where there is no other.

It needs Linux and root, and the programs ip, nft, ping and iperf3. Others take part when they are
installed: miredo with miredo-server, yggdrasil, and wireguard-go with wg. SIXBED4_WIREGUARD_GO names a
wireguard-go that is newer than that of Debian, and SIXBED4_REFERENCE_ROUTER_2020 and
SIXBED4_REFERENCE_PEER_2020 name the C implementation.`;

const MEASUREMENTS = ['relay', 'path', 'flows', 'footprint'];
const COMPARED = { measurements: ['path'], candidates: ['linux-all', 'linux-none', 'portable'] };
const COMPARED_ROUNDS = '3';

const list = (text) => text?.split(',').filter((word) => word !== '') ?? [];

function number(name, text, lowest, isWhole) {
  const value = Number(text);
  if (!(value >= lowest) || !Number.isFinite(value) || (isWhole && !Number.isInteger(value))) {
    const kind = isWhole ? 'an integer' : 'a number';
    throw new TypeError(
      `--${name}: found ${JSON.stringify(text)}, expected ${kind} from ${lowest}`,
    );
  }
  return value;
}

/** Parses the command line. @throws TypeError with a line that explains the error */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      measure: { type: 'string' },
      candidate: { type: 'string' },
      against: { type: 'string' },
      docs: { type: 'string' },
      json: { type: 'string' },
    },
  });
  const { help, quick, docs, json, against } = values;
  const measurements = list(values.measure);
  const unknown = measurements.find((name) => !MEASUREMENTS.includes(name));
  if (unknown !== undefined) {
    const expected = `one of ${MEASUREMENTS.join(', ')}`;
    throw new TypeError(`--measure: found ${JSON.stringify(unknown)}, expected ${expected}`);
  }
  const candidates = list(values.candidate);
  const usual = against === undefined ? { measurements: MEASUREMENTS, candidates: [] } : COMPARED;
  const few = against === undefined ? '1' : COMPARED_ROUNDS;
  return {
    help,
    against: against ?? null,
    docs: docs ?? null,
    json: json ?? null,
    measurements: measurements.length === 0 ? usual.measurements : measurements,
    candidates: candidates.length === 0 ? usual.candidates : candidates,
    /** Fewer sizes, shorter pauses. */
    short: quick,
    rounds: number('rounds', values.rounds ?? (quick ? few : '5'), 1, true),
    seconds: number('seconds', values.seconds ?? (quick ? '1' : '2'), 0.1, false),
  };
}
