import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LEFT } from '../lab.mjs';
import { addressesOn } from '../proc.mjs';
import { isInstalled } from '../requirements.mjs';
import { poll } from '../setting.mjs';
import { sleep } from '../sleep.mjs';

const DEVICE = 'ygg0';
const PORT = 12_345;
const ATTEMPTS = 50;
const PAUSE_MS = 100;

/** Yggdrasil, which encrypts; over TCP and with its own MTU of 65,535. */
class Yggdrasil {
  id = 'yggdrasil';
  title = 'yggdrasil (encrypts)';
  family = 'yggdrasil';
  paths = ['direct'];
  missing = isInstalled('yggdrasil') ? null : 'the program yggdrasil is not installed';

  async startPath(lab, setting) {
    const endpoint = `tcp://${LEFT}:${PORT}`;
    for (const [role, links] of [
      ['left', { Listen: [endpoint], Peers: [] }],
      ['right', { Listen: [], Peers: [endpoint] }],
    ]) {
      const file = join(lab.folder, `yggdrasil-${role}.conf`);
      const common = { AdminListen: 'none', MulticastInterfaces: [], IfName: DEVICE };
      writeFileSync(file, JSON.stringify({ ...common, ...links }));
      const program = lab.spawn(role, ['yggdrasil', '-useconffile', file], { quiet: true });
      setting.programs[role] = program;
      setting.target = await poll(program, () => addressesOn(DEVICE, program.pid)[0]);
    }
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const words = ['ping', '-6', '-n', '-c', '1', '-W', '1', setting.target];
      if ((await lab.spawn('left', words).ended).code === 0) return;
      await sleep(PAUSE_MS);
    }
    throw new Error(setting.programs.left.complaint('no answer to pings'));
  }
}

export const yggdrasil = () => [new Yggdrasil()];
