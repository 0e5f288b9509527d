import { type ConfigTable, readConfigFile } from './configFile.js';

/**
 * What a configuration file says about a command, in the form of arguments; whether they are right is found out
 * later, and nothing is in a file that cannot be read.
 */
export async function configArguments(path: string, command: string): Promise<string[]> {
  let tables: readonly ConfigTable[];
  try {
    tables = await readConfigFile(path);
  } catch {
    return [];
  }
  const entries = tables.find(({ name }) => name === command)?.entries ?? [];
  return entries.flatMap(({ key, values }) =>
    values.map(({ value }) => {
      if (typeof value === 'string') return `--${key}=${value}`;
      return value ? `--${key}` : `--no-${key}`;
    }),
  );
}
