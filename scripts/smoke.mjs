#!/usr/bin/env node
// Loads every built package the way its users do, through its own package.json: as an ES module and
// as CommonJS. Both have to offer the same names. A command has to start.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packages } from './lib/workspace.mjs';

/** Runs Node in a package's folder; what it printed, or an error with what it complained of. */
function node(folder, args) {
  const result = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(result.stderr || `exit code ${result.status}`);
  return result.stdout;
}

function namesOf(folder, type, load) {
  // A package may refer to itself by its name, so its exports decide what is loaded.
  const code = `${load}.then((loaded) => console.log(JSON.stringify(Object.keys(loaded))))`;
  const names = JSON.parse(node(folder, [`--input-type=${type}`, '--eval', code]));
  return names.filter((name) => name !== 'default' && name !== 'module.exports').sort();
}

/** What is wrong with a built package, one line each. */
function faults({ folder, name, manifest }) {
  const found = [];
  const fromModule = namesOf(folder, 'module', `import('${name}')`);
  const fromCommonJs = namesOf(folder, 'commonjs', `Promise.resolve(require('${name}'))`);
  for (const missing of fromModule.filter((each) => !fromCommonJs.includes(each))) {
    found.push(`${missing} is missing from the CommonJS build`);
  }
  for (const missing of fromCommonJs.filter((each) => !fromModule.includes(each))) {
    found.push(`${missing} is missing from the ES module build`);
  }
  if (fromModule.length === 0) found.push('exports nothing');
  for (const [command, path] of Object.entries(manifest.bin ?? {})) {
    const file = join(folder, path);
    if (!readFileSync(file, 'utf8').startsWith('#!/usr/bin/env node\n')) {
      found.push(`${path} does not start with #!/usr/bin/env node`);
    }
    if (!node(folder, [file, '--help']).includes(command)) {
      found.push(`${command} --help does not name the command`);
    }
  }
  return found;
}

let failed = false;
for (const member of packages()) {
  let found;
  try {
    found = faults(member);
  } catch (error) {
    found = [error.message];
  }
  for (const fault of found) {
    failed = true;
    console.error(`${member.name}: ${fault}`);
  }
}
process.exitCode = failed ? 1 : 0;
