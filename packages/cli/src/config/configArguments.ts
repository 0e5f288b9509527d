import { type ConfigTable, readConfigFile } from './configFile.js';

/** The tables of a configuration file; none where it cannot be read, which is found out later. */
export async function tablesIn(path: string): Promise<readonly ConfigTable[]> {
  try {
    return await readConfigFile(path);
  } catch {
    return [];
  }
}

/** What tables say about a command, in the form of arguments; whether they are right is found out later. */
export function configArguments(tables: readonly ConfigTable[], command: string): string[] {
  const entries = tables.find(({ name }) => name === command)?.entries ?? [];
  return entries.flatMap(({ key, values }) =>
    values.map(({ value }) => {
      if (typeof value === 'string') return `--${key}=${value}`;
      return value ? `--${key}` : `--no-${key}`;
    }),
  );
}
