import type { Peer } from '@6bed4/tunnel';
import type { Host } from '../host/host.js';
import type { HostRunner } from '../host/hostRunner.js';
import type { World } from '../world/world.js';
import { WebUplink, type WebUplinkSettings } from './webUplink.js';

/** Gives a peer that runs on a host a way to a gateway. */
export function openWebUplink(
  world: World,
  host: Host,
  runner: HostRunner<Peer>,
  settings: WebUplinkSettings,
): WebUplink {
  const uplink = new WebUplink(world, settings, {
    name: host.name,
    get isPaused() {
      return runner.isPaused;
    },
    now: () => runner.now(),
    receive: (bytes, offset, length, address, port) =>
      runner.receive(bytes, offset, length, address, port),
    sendUdp: (bytes, offset, length, to, tos, ttl) =>
      host.sendFrom(runner.port, bytes, offset, length, to, tos, ttl),
    uplinkChanged: () => runner.command((peer, now) => peer.solicit(now)),
  });
  runner.detour = uplink;
  return uplink;
}
