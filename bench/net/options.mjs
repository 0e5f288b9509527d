import { parseArgs } from 'node:util';

export const USAGE = `npm run bench:net -- [--quick] [--rounds N] [--seconds S] [--measure NAME,…]
                     [--candidate TEXT,…] [--docs FOLDER] [--json FILE]

  --quick            one round of short measurements, for a first impression
  --rounds N         how often all is measured, candidates in turn; default: 5
  --seconds S        how long streams flow for one measurement; frames half as long; default: 2
  --measure NAME,…   only these of relay, path and footprint
  --candidate TEXT,… only candidates whose name holds one of these
  --docs FOLDER      write performance.md and performance.svg there
  --json FILE        write all samples

It needs Linux and root, and the programs ip, nft, ping and iperf3. Other implementations take part
when SIXBED4_REFERENCE_ROUTER_2020 and SIXBED4_REFERENCE_PEER_2020 name them, and wireguard-go when it
is installed.`;

const MEASUREMENTS = ['relay', 'path', 'footprint'];

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
      docs: { type: 'string' },
      json: { type: 'string' },
    },
  });
  const { help, quick, docs, json } = values;
  const measurements = list(values.measure);
  const unknown = measurements.find((name) => !MEASUREMENTS.includes(name));
  if (unknown !== undefined) {
    const expected = `one of ${MEASUREMENTS.join(', ')}`;
    throw new TypeError(`--measure: found ${JSON.stringify(unknown)}, expected ${expected}`);
  }
  return {
    help,
    docs: docs ?? null,
    json: json ?? null,
    measurements: measurements.length === 0 ? MEASUREMENTS : measurements,
    candidates: list(values.candidate),
    /** Fewer sizes, shorter pauses. */
    short: quick,
    rounds: number('rounds', values.rounds ?? (quick ? '1' : '5'), 1, true),
    seconds: number('seconds', values.seconds ?? (quick ? '0.5' : '2'), 0.1, false),
  };
}
