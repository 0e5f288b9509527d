import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadCommands } from './commands/commands.js';
import { commandPage } from './help/commandPage.js';
import { COMPLETION_FILES, completion } from './help/completion.js';
import { manPages } from './help/manPage.js';
import { referencePage } from './help/referencePage.js';
import { SHELLS } from './options/choices.js';
import { buildProgram } from './program.js';
import { REFERENCE_COMMANDS } from './reference/commands.js';

/** Writes the man pages and completions of the command, into the folders `man` and `completion` of a folder. */
export async function writeDocuments(folder: string, version: string): Promise<void> {
  const page = commandPage(await buildProgram({ version, load: loadCommands }));
  const pages = join(folder, 'man');
  const completions = join(folder, 'completion');
  for (const each of [pages, completions]) mkdirSync(each, { recursive: true });
  const others = REFERENCE_COMMANDS.map(referencePage);
  for (const { name, text } of manPages(page, { version, date: buildDate() }, others)) {
    writeFileSync(join(pages, name), text);
  }
  for (const shell of SHELLS) {
    writeFileSync(join(completions, COMPLETION_FILES[shell]), completion(shell, page));
  }
}

/** The day of the build; that of SOURCE_DATE_EPOCH where builds have to be reproducible. */
function buildDate(): string {
  const { SOURCE_DATE_EPOCH: seconds } = process.env;
  const time = seconds === undefined ? Date.now() : 1000 * Number(seconds);
  return new Date(time).toISOString().slice(0, 10);
}
