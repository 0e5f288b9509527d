/** The names of the commands that run until they are ended, which have tables in configuration files. */
export const DAEMONS: readonly string[] = ['router', 'gateway', 'peer', 'proxy', 'serve'];

/** Those that are built for themselves. */
export const LEAN_DAEMONS: readonly string[] = ['router', 'peer'];
