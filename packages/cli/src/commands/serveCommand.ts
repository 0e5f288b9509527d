import type { Command } from 'commander';
import { addCommonOptions, SIGNALS } from '../options/daemonOptions.js';
import { addPeerOptions } from '../options/peerOptions.js';
import { addRelayOptions } from '../options/relayOptions.js';
import { repeated } from '../options/repeated.js';
import { UsageError } from '../options/usageError.js';
import { type Service, service } from '../serve/service.js';
import {
  addTunnelProgram,
  type TunnelProgramFlags,
  type TunnelProgramPlan,
} from './runTunnelProgram.js';

const EXAMPLES = `
Examples:
  # a web server of this computer, for everybody with IPv6
  6bed4 serve --router 192.0.2.1 80=127.0.0.1:8080
  # SSH and a UDP service as well
  6bed4 serve --router 192.0.2.1 80=127.0.0.1:8080 22=127.0.0.1:22 udp:5353=127.0.0.1:53`;

interface ServeFlags extends TunnelProgramFlags {
  /** The arguments. */
  readonly service?: readonly Service[];
}

/** `6bed4 serve` */
export function addServeCommand(program: Command, version: string): void {
  const command = program
    .command('serve')
    .summary('publish services of this computer at a 6bed4 address, without privileges')
    .description(
      'Gets an IPv6 address from a router, and lets everybody who reaches it use services of this ' +
        'computer. Needs no privileges.',
    )
    .argument(
      '[SERVICE...]',
      'PORT=HOST:PORT for TCP, udp:PORT=HOST:PORT for UDP: port of the 6bed4 address, and local service',
      repeated(service),
    );
  addCommonOptions(addPeerOptions(addRelayOptions(addProxyProtocol(command)))).addHelpText(
    'after',
    `${SIGNALS}\n${EXAMPLES}`,
  );
  addTunnelProgram<ServeFlags>(command, planOf, version);
}

function planOf({ service: services = [] }: ServeFlags): TunnelProgramPlan {
  if (services.length === 0) {
    throw new UsageError('missing SERVICE: give what to publish, such as 80=127.0.0.1:8080');
  }
  return { role: 'serve', proxy: null, services };
}

/** Adds the option that tells services who has connected. */
export function addProxyProtocol(command: Command): Command {
  return command.option(
    '--proxy-protocol',
    'tell TCP services the address of the remote, by the PROXY protocol version 2',
  );
}
