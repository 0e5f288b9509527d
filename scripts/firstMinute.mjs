/**
 * `npm run first-minute`: how long a newcomer waits for a first packet, by two ways. A clone of the last commit and
 * `npm run demo` there, until the first ping is answered; then `npm install @6bed4/node` in an empty folder, from
 * archives as they would be published, and the first program of the README, until it prints its datagram. Needs Node.js,
 * npm and Git only, and what npm and pnpm have to fetch counts: have a warm cache, or tell the speed of the line. Ends with exit
 * code 1 if one of them takes longer than a minute.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { firstProgram } from './release/firstProgram.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const LIMIT_S = 60;
const shell = process.platform === 'win32';

/** Runs a command to its end. @throws Error if it fails */
function run(cwd, command, ...args) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, shell, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

/** Runs a command until it has printed something. @throws Error if it ends without that */
function runUntil(pattern, cwd, command, ...args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, shell, stdio: ['ignore', 'pipe', 'inherit'] });
    let printed = '';
    let seen = 0;
    child.stdout.on('data', (chunk) => {
      printed += chunk;
      if (seen === 0 && pattern.test(printed)) seen = performance.now();
    });
    child.on('error', reject);
    // To its end, so that nothing is left behind.
    child.on('close', () =>
      seen > 0 ? resolve(seen) : reject(new Error(`${command}: ${printed}`)),
    );
  });
}

const rows = [];
function tell(what, from, to) {
  rows.push(to - from);
  console.log(`${((to - from) / 1000).toFixed(1).padStart(6)} s  ${what}`);
}

const scratch = mkdtempSync(join(tmpdir(), '6bed4-first-minute-'));
try {
  const clone = join(scratch, 'clone');
  const start = performance.now();
  run(root, 'git', 'clone', '--quiet', '--no-local', root, clone);
  const answered = await runUntil(/answered by/, clone, 'npm', 'run', '--silent', 'demo');
  tell('from git clone to the first ping of npm run demo', start, answered);

  // What comes next is not the newcomer's: he finds the packages in the registry.
  run(clone, 'npm', 'run', '--silent', 'build');
  const archives = JSON.parse(
    run(clone, process.execPath, 'scripts/pack.mjs', join(scratch, 'archives')),
  );
  const project = join(scratch, 'project');
  mkdirSync(project);
  const { code, prints } = firstProgram(readFileSync(join(clone, 'README.md'), 'utf8'));
  writeFileSync(join(project, 'first.mjs'), code);
  const own = Object.keys(archives).filter((name) =>
    /^@6bed4\/(codec|nd|tcp|tunnel|node)$/.test(name),
  );
  const empty = performance.now();
  run(project, 'npm', 'install', '--no-audit', '--no-fund', ...own.map((name) => archives[name]));
  const word = new RegExp(prints[0].split(' ')[0]);
  const heard = await runUntil(word, project, process.execPath, 'first.mjs');
  tell('from npm install @6bed4/node to the first datagram of the README', empty, heard);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(
  `on ${availableParallelism()} processors, with ${loadavg()[0].toFixed(1)} processes that want them`,
);
if (rows.some((time) => time > LIMIT_S * 1000)) {
  console.error(`longer than ${LIMIT_S} s`);
  process.exitCode = 1;
}
