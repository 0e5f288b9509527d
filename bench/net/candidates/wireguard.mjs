import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LEFT, RIGHT } from '../lab.mjs';
import { receivedOn } from '../proc.mjs';
import { poll } from '../setting.mjs';

const PORT = '51820';
const HOSTS = {
  left: { ipv4: LEFT, ipv6: 'fd00:77:67::1' },
  right: { ipv4: RIGHT, ipv6: 'fd00:77:67::2' },
};

/** Names a wireguard-go that is newer than that of Debian, which lacks segmentation and receive offloads. */
export const WIREGUARD_VARIABLE = 'SIXBED4_WIREGUARD_GO';

function complaintAbout(path, what) {
  for (const program of ['wg', path]) {
    if (program === '') return what;
    try {
      execFileSync('sh', ['-c', 'command -v "$0"', program], { stdio: 'ignore' });
    } catch {
      return `the program ${program} is not installed`;
    }
  }
  return null;
}

const keyFrom = (word, input) => execFileSync('wg', [word], { encoding: 'utf8', input }).trim();

/** WireGuard in user space, which encrypts; with its own MTU of 1420. */
class WireGuard {
  family = 'wireguard';
  paths = ['direct'];
  #program;

  constructor(id, title, program) {
    this.id = id;
    this.title = title;
    this.missing = complaintAbout(program, `${WIREGUARD_VARIABLE} is not set`);
    this.#program = program;
  }

  async startPath(lab, setting) {
    const keys = {};
    for (const role of Object.keys(HOSTS)) {
      const secret = keyFrom('genkey', '');
      const file = join(lab.folder, `wireguard-${role}`);
      writeFileSync(file, secret, { mode: 0o600 });
      keys[role] = { file, public: keyFrom('pubkey', secret) };
    }
    for (const [role, other] of [
      ['left', 'right'],
      ['right', 'left'],
    ]) {
      // The control sockets of all namespaces are in one folder.
      const device = `wg${role[0]}${process.pid}`;
      lab.strayFiles.push(`/var/run/wireguard/${device}.sock`);
      const program = lab.spawn(role, [this.#program, '-f', device], { quiet: true });
      setting.programs[role] = program;
      await poll(program, () => receivedOn(device, program.pid));
      const configuration = ['listen-port', PORT, 'private-key', keys[role].file];
      const peer = ['peer', keys[other].public, 'endpoint', `${HOSTS[other].ipv4}:${PORT}`];
      const allowed = ['allowed-ips', `${HOSTS[other].ipv6}/128`];
      await lab.exec(role, ['wg', 'set', device, ...configuration, ...peer, ...allowed]);
      lab.ip(role, 'addr', 'add', `${HOSTS[role].ipv6}/64`, 'dev', device);
      lab.ip(role, 'link', 'set', device, 'up');
    }
    setting.target = HOSTS.right.ipv6;
  }
}

export const wireguard = () => [
  new WireGuard(
    'wireguard',
    'wireguard-go, current (encrypts)',
    process.env[WIREGUARD_VARIABLE] ?? '',
  ),
  new WireGuard('wireguard-debian', 'wireguard-go of Debian (encrypts)', 'wireguard-go'),
];
