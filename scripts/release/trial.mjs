/** A project as a stranger has it: outside of the workspace, with the archives installed by npm. */
import { execFile, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { firstProgram, isAsPromised } from './firstProgram.mjs';

const PATIENCE_MS = 60_000;
const run = promisify(execFile);

/** Installs archives in a new folder, with nothing but npm. */
export async function installIn(folder, archives) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "name": "trial", "private": true }\n');
  const args = ['install', '--no-audit', '--no-fund', '--prefer-offline', ...archives];
  // npm is a script for the shell on Windows.
  await run('npm', args, { cwd: folder, shell: process.platform === 'win32', timeout: 600_000 });
}

/** Runs the first program of a README as pasted into a file; returns what is wrong, or null. */
export async function tryReadme(folder, path) {
  const program = firstProgram(readFileSync(path, 'utf8'));
  if (program === null) return 'has no program';
  const file = join(folder, `${basename(join(path, '..'))}.mjs`);
  writeFileSync(file, program.code);
  try {
    const options = { cwd: folder, timeout: PATIENCE_MS };
    const { stdout, stderr } = await run(process.execPath, [file], options);
    if (stderr !== '') return `its first program writes to standard error: ${stderr.trim()}`;
    const printed = stdout.trimEnd();
    if (program.prints.length > 0 && !isAsPromised(printed, program.prints)) {
      return `its first program prints "${printed}"`;
    }
    return null;
  } catch (error) {
    return `its first program fails: ${error.message}`;
  }
}

async function freePort() {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

/** Starts a daemon and waits for its line `ready`. */
function start(file, args, cwd) {
  const child = spawn(process.execPath, [file, ...args], { cwd });
  let output = '';
  const ready = new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`${args[0]} is not ready: ${output}`)),
      PATIENCE_MS,
    );
    const read = (chunk) => {
      output += chunk;
      const line = /^ready .*$/m.exec(output);
      if (line === null) return;
      clearTimeout(timer);
      resolve(line[0]);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`${args[0]} ended with ${code}: ${output}`));
    });
  });
  return { child, ready };
}

/** Runs the command: its version, and a router, a peer and a ping between them. Returns what is wrong, or null. */
export async function tryCommand(folder, version) {
  const home = join(folder, 'node_modules', '6bed4');
  const { bin } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
  const file = join(home, bin['6bed4']);
  const daemons = [];
  const daemon = async (...args) => {
    const started = start(file, [...args, '--no-tun', '--no-control'], folder);
    daemons.push(started.child);
    return await started.ready;
  };
  try {
    const { stdout } = await run(process.execPath, [file, '--version'], { cwd: folder });
    if (!stdout.includes(version)) return `6bed4 --version prints "${stdout.trim()}"`;
    const port = await freePort();
    const router = `127.0.0.1:${port}`;
    await daemon('router', '--listen', '127.0.0.1', '--port', `${port}`);
    const line = await daemon('peer', '--router', router, '--listen', '127.0.0.1');
    const address = /\b[0-9a-f]+:[0-9a-f:]+/.exec(line)?.[0];
    const ping = ['ping', address, '--router', router, '--listen', '127.0.0.1', '--count', '1'];
    await run(process.execPath, [file, ...ping], { cwd: folder, timeout: PATIENCE_MS });
    return null;
  } catch (error) {
    return `the command fails: ${error.message}`;
  } finally {
    for (const child of daemons) child.kill('SIGKILL');
  }
}
