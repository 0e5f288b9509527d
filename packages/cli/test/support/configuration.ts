import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { addPeerCommand } from '../../src/commands/peerCommand.js';
import { addProxyCommand } from '../../src/commands/proxyCommand.js';
import { addRouterCommand } from '../../src/commands/routerCommand.js';
import { addServeCommand } from '../../src/commands/serveCommand.js';
import { nameRefusals } from '../../src/options/refusals.js';

/** Configuration files of a test, in a folder that {@link remove} removes. */
export class ConfigFolder {
  readonly #folder = mkdtempSync(join(tmpdir(), '6bed4-config-'));
  readonly path: string = join(this.#folder, 'test.toml');

  /** Writes the file that the tests use, anew. */
  write(...lines: readonly string[]): string {
    writeFileSync(this.path, `${lines.join('\n')}\n`);
    return this.path;
  }

  file(name: string): string {
    return join(this.#folder, name);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The program with the commands that have configuration files. */
export function configurableProgram(): Command {
  const program = new Command('6bed4').exitOverride();
  for (const add of [addRouterCommand, addPeerCommand, addProxyCommand, addServeCommand]) {
    add(program, '0.0.0');
  }
  nameRefusals(program);
  return program;
}
