import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMAND } from '@6bed4/testing/command';

/** Puts a script of a shell into a folder on the search path. */
export function installScript(folder: string, name: string, script: string): void {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

/** Puts the command `6bed4` there, as an installation does. */
export function installCommand(folder: string): void {
  installScript(folder, '6bed4', `exec ${process.execPath} ${COMMAND} "$@"`);
}
