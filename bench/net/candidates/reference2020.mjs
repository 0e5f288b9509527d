import { accessSync, constants } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { ROUTER } from '../lab.mjs';
import { addressesOn, hasRoute, receivedOn } from '../proc.mjs';
import { poll } from '../setting.mjs';

const ROUTER_VARIABLE = 'SIXBED4_REFERENCE_ROUTER_2020';
const PEER_VARIABLE = 'SIXBED4_REFERENCE_PEER_2020';
const TUN = '6bed4';
/** The route option for the router; the peer sets it last. */
const ROUTE = { text: 'fc64::/16', digits: `fc64${'0'.repeat(28)}`, length: 16 };

function complaintAbout(variable) {
  const path = process.env[variable] ?? '';
  if (path === '') return `${variable} is not set`;
  try {
    accessSync(path, constants.X_OK);
    return null;
  } catch {
    return `${variable}: ${path} is no program`;
  }
}

/** The C implementation of 2020. Its peer sends all packets to the router that was compiled into it. */
class Reference2020 {
  id = 'reference';
  title = 'C reference of 2020';
  family = 'reference';
  paths = ['relayed'];
  missing = complaintAbout(ROUTER_VARIABLE) ?? complaintAbout(PEER_VARIABLE);

  async startRouter(lab, setting) {
    // It writes a line for some frames, which are not read.
    const argv = [process.env[ROUTER_VARIABLE], '-l', ROUTER, '-R', ROUTE.text];
    const router = lab.spawn('router', argv, { quiet: true });
    setting.programs.router = router;
    await poll(router, () => receivedOn(TUN, router.pid));
    setting.startUp.router = performance.now() - router.startedAt;
  }

  async startPath(lab, setting) {
    await this.startRouter(lab, setting);
    for (const role of ['left', 'right']) {
      const argv = [process.env[PEER_VARIABLE], '-f', '-e', '-s', ROUTER];
      const peer = lab.spawn(role, argv, { quiet: true });
      setting.programs[role] = peer;
      setting.target = await poll(peer, () => addressesOn(TUN, peer.pid)[0]);
      const { digits, length } = ROUTE;
      await poll(peer, () => hasRoute(digits, length, TUN, peer.pid) || null);
      setting.startUp[role] = performance.now() - peer.startedAt;
    }
  }
}

export const reference2020 = () => [new Reference2020()];
