import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '@6bed4/node';
import type { Command } from 'commander';
import { print, write } from '../output/print.js';
import { PLUGIN_NAME, pluginFolder, readPlugin } from '../wireshark.js';

const EXAMPLES = `
Examples:
  6bed4 wireshark-plugin --install
  6bed4 wireshark-plugin > 6bed4.lua
  tshark -X lua_script:6bed4.lua -i any -f udp -Y 6bed4.direct==1`;

interface Flags {
  install?: boolean;
  folder?: string;
}

/** `6bed4 wireshark-plugin` */
export function addWiresharkPluginCommand(program: Command): void {
  program
    .command('wireshark-plugin')
    .summary('print or install the dissector for Wireshark')
    .description('Prints the dissector of 6bed4 for Wireshark and tshark, or installs it.')
    .option('--install', 'write it to the folder of plugins of this user')
    .option('--folder <DIR>', 'write it to this folder instead')
    .addHelpText('after', EXAMPLES)
    .action(act);
}

async function act({ install, folder }: Flags): Promise<void> {
  const plugin = readPlugin();
  if (install !== true && folder === undefined) {
    write(plugin);
    return;
  }
  const chosen = folder ?? (await pluginFolder());
  const file = join(chosen, PLUGIN_NAME);
  try {
    mkdirSync(chosen, { recursive: true });
    writeFileSync(file, plugin);
  } catch (error) {
    const { code = 'EIO' } = error as NodeJS.ErrnoException;
    throw new StartError(code, `cannot write ${file}: ${code}`, { cause: error });
  }
  print(`${file} installed; Wireshark loads it at its next start`);
}
