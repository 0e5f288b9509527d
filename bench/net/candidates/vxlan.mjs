import { LEFT, RIGHT } from '../lab.mjs';

const DEVICE = 'vxlan0';
const NETWORK = 64;
const PORT = 4789;
/** That of 6bed4. */
const MTU = 1280;
const ENDS = [
  { role: 'left', local: LEFT, remote: RIGHT, ipv6: 'fd00:76:78::1' },
  { role: 'right', local: RIGHT, remote: LEFT, ipv6: 'fd00:76:78::2' },
];

/** A tunnel of the kernel in UDP, with the MTU of 6bed4: the limit of what any program could reach. */
class Vxlan {
  id = 'vxlan';
  title = 'VXLAN of the kernel, GSO';
  family = 'plain';
  paths = ['direct'];
  missing = null;

  async startPath(lab, setting) {
    for (const { role, local, remote, ipv6 } of ENDS) {
      const kind = `type vxlan id ${NETWORK} local ${local} remote ${remote} dev eth0 dstport ${PORT}`;
      lab.ip(role, 'link', 'add', DEVICE, 'mtu', String(MTU), ...kind.split(' '));
      setting.atEnd(() => lab.ip(role, 'link', 'delete', DEVICE));
      lab.ip(role, 'addr', 'add', `${ipv6}/64`, 'dev', DEVICE);
      lab.ip(role, 'link', 'set', DEVICE, 'up');
    }
    setting.target = ENDS[1].ipv6;
  }
}

export const vxlan = () => [new Vxlan()];
