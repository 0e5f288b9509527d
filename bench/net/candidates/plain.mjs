import { RIGHT } from '../lab.mjs';

/** The virtual links themselves, without any tunnel: the upper limit for a tunnel over them. */
class Plain {
  id = 'plain';
  title = 'plain veth, no tunnel';
  family = 'plain';
  paths = ['direct'];
  missing = null;

  async startPath(_lab, setting) {
    setting.target = RIGHT;
  }
}

export const plain = () => [new Plain()];
