import type { Endpoint, Profile } from '@6bed4/codec';
import { Peer } from '@6bed4/tunnel';
import type { PeerDriver } from '../drivers/driver.js';
import { LinuxPeerDriver } from '../drivers/linux/linuxPeerDriver.js';
import { plainProfile } from '../drivers/linux/workerProtocol.js';
import type { LocalSide } from '../drivers/portable/portableDriver.js';
import { PortablePeerDriver } from '../drivers/portable/portablePeerDriver.js';
import { checkRoute } from '../drivers/udp/reachability.js';
import type { DriverMaker, PortMaker } from './openDaemonDriver.js';
import { bindOptions, machineOptions, type PeerDaemonOptions } from './peerOptions.js';
import { surroundingsOf } from './surroundings.js';

/** Makes the drivers of a peer. */
export function peerMaker(
  options: PeerDaemonOptions,
  profile: Profile,
  localSide: LocalSide | undefined,
  port: PortMaker | null = null,
): DriverMaker<PeerDriver> {
  const machine = machineOptions(options, profile);
  const { random } = surroundingsOf(options);
  return {
    bindOptions: () => bindOptions(options, profile),
    sockets: () => 1,
    port,
    checkRoutes: (address) => checkRoutes(machine.routers, address),
    portable: (common) =>
      PortablePeerDriver.open({
        ...common,
        localSide,
        machine: (sink) => new Peer({ ...machine, profile, random }, sink),
      }),
    linux: (common) =>
      LinuxPeerDriver.open({
        ...common,
        machine: { kind: 'peer', profile: plainProfile(profile), options: machine },
      }),
  };
}

/** Checks that there can be a way to any router. @throws StartError */
async function checkRoutes(routers: readonly Endpoint[], address: string): Promise<void> {
  // There are none yet where all have names.
  if (routers.length === 0) return;
  try {
    await Promise.any(routers.map((router) => checkRoute(router, address)));
  } catch (error) {
    throw error instanceof AggregateError ? error.errors[0] : error;
  }
}
