import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LEFT, RIGHT, ROUTER, ROUTER_SECOND } from '../lab.mjs';
import { addressesOn } from '../proc.mjs';
import { isInstalled } from '../requirements.mjs';
import { poll } from '../setting.mjs';
import { sleep } from '../sleep.mjs';

const DEVICE = 'teredo';
const CLIENTS = { left: LEFT, right: RIGHT };
const ATTEMPTS = 30;
const PAUSE_MS = 200;

/** Miredo, a Teredo client in C: IPv6 in UDP with the MTU of 6bed4, one system call for each packet. */
class Miredo {
  id = 'miredo';
  title = 'miredo';
  family = 'miredo';
  paths = ['direct'];
  missing = ['miredo', 'miredo-server'].every(isInstalled)
    ? null
    : 'the programs miredo and miredo-server are not installed';

  async startPath(lab, setting) {
    const argvOf = (program, role, lines) => {
      const file = join(lab.folder, `${program}-${role}.conf`);
      writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
      const pid = join(lab.folder, `${program}-${role}.pid`);
      return [program, '-f', '-c', file, '-p', pid, '-u', 'nobody'];
    };
    const servers = [`ServerBindAddress ${ROUTER}`, `ServerBindAddress2 ${ROUTER_SECOND}`];
    setting.programs.router = lab.spawn('router', argvOf('miredo-server', 'router', servers), {
      quiet: true,
    });
    for (const [role, address] of Object.entries(CLIENTS)) {
      const lines = [
        `InterfaceName ${DEVICE}`,
        `ServerAddress ${ROUTER}`,
        `ServerAddress2 ${ROUTER_SECOND}`,
        `BindAddress ${address}`,
      ];
      const client = lab.spawn(role, argvOf('miredo', role, lines), { quiet: true });
      setting.programs[role] = client;
      // Its work is done by a process that it starts.
      setting.target = await poll(client, () => addressesOn(DEVICE, lab.holderOf(role))[0]);
    }
    await goDirect(lab, setting.target);
  }
}

/** Until pings are answered: first come the bubbles. */
async function goDirect(lab, target) {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const ping = lab.spawn('left', ['ping', '-6', '-n', '-c', '1', '-W', '1', target]);
    if ((await ping.ended).code === 0) return;
    await sleep(PAUSE_MS);
  }
  throw new Error('miredo: no answer to pings');
}

export const miredo = () => [new Miredo()];
