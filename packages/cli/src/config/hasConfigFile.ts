const CONFIG = '--config';

/** Whether arguments name a configuration file, which may have tables for other commands, too. */
export function hasConfigFile(args: readonly string[]): boolean {
  return args.some((arg) => arg === CONFIG || arg.startsWith(`${CONFIG}=`));
}
