import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const PROGRAMS = ['ip', 'nft', 'ping', 'iperf3'];

/** Whether a program can be found. */
export function isInstalled(program) {
  const folders = `${process.env.PATH ?? ''}${delimiter}/sbin${delimiter}/usr/sbin`;
  return folders.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The first missing requirement, as a line; null when there is none. */
export function missingRequirement() {
  if (process.platform !== 'linux') return `needs Linux, found ${process.platform}`;
  if (process.getuid() !== 0) return 'needs root: it makes network namespaces and interfaces';
  if (!existsSync('/dev/net/tun')) return 'needs /dev/net/tun';
  const program = PROGRAMS.find((name) => !isInstalled(name));
  return program === undefined ? null : `needs the program ${program}`;
}
