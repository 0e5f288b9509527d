/**
 * Soaks: faults and recovery for hours, in virtual time and on real kernels. Run it with `npm run soak`;
 * `--help` shows its options.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PARTS } from './parts.mjs';

const USAGE = `Usage: npm run soak -- [OPTION]...

Lets peers talk for hours while faults happen, in virtual time and on real kernels (Linux and root only), and
reports how soon they recovered, next to the bounds of docs/direct-paths.md. Also tests the properties of TCP
with many more random plans and hostile segments than usual. Exit code 1 when anything was beyond its bound,
lost for no reason, or grew, or when a property did not hold.

  --hours N     hours of virtual time, each with a network of its own, and of real time; may be a fraction
                (default 1); for each, the properties of TCP take about two minutes
  --seed N      of the first hour of virtual time (default: another one each time; the report says which)
  --only PART   sim, tcp or real
  --out FILE    write the report there as well: FILE.json as JSON with all samples, others as Markdown
  --help        show this text`;

const HIGHEST_SEED = 1_000_000_000;

/** What the arguments ask for. @throws Error naming the argument that cannot be used */
function readOptions() {
  const { values } = parseArgs({
    options: {
      hours: { type: 'string', default: '1' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * HIGHEST_SEED)) },
      only: { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const [hours, seed] = [Number(values.hours), Number(values.seed)];
  if (!(hours > 0 && hours < Number.POSITIVE_INFINITY)) {
    throw new Error(`--hours: ${values.hours}, expected a number above 0`);
  }
  if (!Number.isInteger(seed) || seed < 0) {
    throw new Error(`--seed: ${values.seed}, expected an integer, 0 or more`);
  }
  if (values.only !== undefined && !Object.hasOwn(PARTS, values.only)) {
    throw new Error(`--only: ${values.only}, expected sim, tcp or real`);
  }
  const parts = values.only === undefined ? Object.keys(PARTS) : [values.only];
  return { hours, seed, parts, out: values.out, help: values.help };
}

/** Runs one part, and returns its report: also when it failed before it could write one. */
async function run(name, options, folder) {
  const part = PARTS[name];
  const file = join(folder, `${name}.json`);
  console.error(`${part.title}: ${options.hours} h, seed ${options.seed} …`);
  const output = [];
  const code = await new Promise((resolve, reject) => {
    const once = ['--reporter', 'default', '--retry', '0'];
    const child = spawn('npx', ['vitest', 'run', ...once, ...part.arguments], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: { ...process.env, ...part.environment(options), SOAK_REPORT: file, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data) => output.push(data));
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (part.hasNoReport && code === 0) {
    return { title: part.title, text: 'All of them hold.', violations: [], samples: [] };
  }
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    const text = `It ended with exit code ${code} before it could report.`;
    const said = Buffer.concat(output).toString().trim();
    return { title: part.title, text: `${text}\n\n${said}`, violations: [text], samples: [] };
  }
}

function markdown({ options, reports, verdict }) {
  const again = `npm run soak -- --hours ${options.hours} --seed ${options.seed}`;
  const sections = reports.map(({ title, text, violations }) => {
    const found = violations.map((violation) => `- ${violation}`).join('\n');
    return `## ${title}\n\n${text}\n${found === '' ? '' : `\nNot as it should be:\n\n${found}\n`}`;
  });
  return [`# Soak: ${verdict}\n`, `\`${again}\`\n`, ...sections].join('\n');
}

/** Runs all parts and prints the report. */
async function soak(options) {
  const folder = mkdtempSync(join(tmpdir(), '6bed4-soak-'));
  const reports = [];
  try {
    for (const name of options.parts) reports.push(await run(name, options, folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
  const count = reports.reduce((sum, { violations }) => sum + violations.length, 0);
  const verdict = count === 0 ? 'all as promised' : `${count} not as promised`;
  const text = markdown({ options, reports, verdict });
  console.log(text);
  if (options.out !== undefined) {
    const json = JSON.stringify({ verdict, seed: options.seed, hours: options.hours, reports });
    writeFileSync(options.out, options.out.endsWith('.json') ? `${json}\n` : text);
  }
  if (count > 0) process.exitCode = 1;
}

try {
  const options = readOptions();
  if (options.help) console.log(USAGE);
  else await soak(options);
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
}
