import { execFileSync } from 'node:child_process';
import { arch, availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { WIREGUARD_VARIABLE } from '../candidates/wireguard.mjs';

const GIB = 2 ** 30;

function versionOf(command, ...words) {
  try {
    return execFileSync(command, words, { encoding: 'utf8' }).split('\n')[0].trim();
  } catch {
    return null;
  }
}

function newWireguard() {
  const path = process.env[WIREGUARD_VARIABLE];
  return path === undefined ? 'none' : (versionOf(path, '--version') ?? 'unknown').slice(0, 40);
}

/** The computer, as pairs of name and value; to be read before the measurements. */
export function describeMachine() {
  return [
    ['date', new Date().toISOString().slice(0, 10)],
    ['processor', `${cpus()[0]?.model.trim() ?? 'unknown'}, ${arch()}`],
    ['cores', String(availableParallelism())],
    ['memory', `${(totalmem() / GIB).toFixed(1)} GiB`],
    ['kernel', `Linux ${release()}`],
    ['Node.js', process.version],
    ['iperf3', versionOf('iperf3', '--version') ?? 'unknown'],
    ['wireguard-go, current', newWireguard()],
    ...['wireguard-go', 'miredo', 'yggdrasil'].map((name) => [
      `${name} of Debian`,
      versionOf('dpkg-query', '-W', '-f', `$${'{Version}'}`, name) ?? 'none',
    ]),
    ['load before the start', `${loadavg()[0].toFixed(2)} processes, average of a minute`],
  ];
}
