import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const PERSONAL_PLUGINS = /^Personal Lua Plugins:\s*(.+?)\s*$/m;
const LONGEST = 20_000;

/** File name of the dissector among the plugins of Wireshark. */
export const PLUGIN_NAME = '6bed4.lua';

/** Text of the dissector of 6bed4 for Wireshark, in Lua; it is beside the folder of the built command. */
export function readPlugin(): string {
  return readFileSync(new URL(`../wireshark/${PLUGIN_NAME}`, import.meta.url), 'utf8');
}

/** The folder from which the Wireshark of this computer loads the Lua plugins of this user. */
export async function pluginFolder(): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('tshark', ['-G', 'folders'], { timeout: LONGEST });
    const named = PERSONAL_PLUGINS.exec(stdout)?.[1];
    if (named !== undefined) return named;
  } catch {
    // Wireshark may be there without tshark.
  }
  return process.platform === 'win32'
    ? join(process.env['APPDATA'] ?? homedir(), 'Wireshark', 'plugins')
    : join(homedir(), '.local', 'lib', 'wireshark', 'plugins');
}
