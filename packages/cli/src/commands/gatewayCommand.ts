import { checkGatewayOptions, type GatewayDaemon, startGateway } from '@6bed4/node';
import type { Command } from 'commander';
import { addConfigurable, type FlagSource } from '../config/configurable.js';
import type { Changes } from '../config/reload.js';
import { statusOfGateway } from '../control/gatewayStatus.js';
import { openControl } from '../control/openControl.js';
import { addCommonOptions, SIGNALS } from '../options/daemonOptions.js';
import {
  addGatewayOptions,
  type GatewayFlags,
  gatewayOptionsOf,
} from '../options/gatewayOptions.js';
import { IneffectiveOptions, ineffectiveOfLog, refuseIneffective } from '../options/ineffective.js';
import { isLoopback } from '../options/listenAddress.js';
import { readTokens } from '../options/tokens.js';
import { LineLimit } from '../output/lineLimit.js';
import { openLog } from '../output/log.js';
import type { Logger } from '../output/logger.js';
import { hostText } from '../proxy/proxyContext.js';
import { runDaemon } from './runDaemon.js';

const EXAMPLES = `
Examples:
  # beside the router, behind nginx or Caddy on the same computer
  6bed4 gateway --router 192.0.2.1 --public 192.0.2.1 --trust-proxy 127.0.0.1
  # with a certificate of its own
  6bed4 gateway --router 192.0.2.1 --public 192.0.2.1 --web 0.0.0.0:443 --cert cert.pem --key key.pem
  # for those who have a token, and for pages of one site
  6bed4 gateway --router 192.0.2.1 --public 192.0.2.1 --token-file tokens --allow-origin https://lab.example`;

/** `6bed4 gateway` */
export function addGatewayCommand(program: Command, version: string): void {
  const command = program
    .command('gateway')
    .summary('let peers in over WebSockets, where UDP is blocked')
    .description(
      'Takes WebSockets of peers that cannot use UDP, and gives each of them a UDP endpoint of its own here. ' +
        'Needs no privileges.',
    );
  addCommonOptions(addGatewayOptions(command)).addHelpText('after', `${SIGNALS}\n${EXAMPLES}`);
  addConfigurable<GatewayFlags>(command, {
    check: (flags) => {
      checkGatewayOptions(gatewayOptionsOf(flags));
      const { web } = flags;
      const own = new IneffectiveOptions().where(
        flags.cert !== undefined && web === undefined,
        'without --web: nothing but this computer reaches 127.0.0.1:8964',
        { '--cert': true },
      );
      refuseIneffective([...own.found, ...ineffectiveOfLog(flags)]);
    },
    run: (flags, source) => runGateway(flags, source, version),
  });
}

/** What changes while a gateway runs, by flag. */
const CHANGES: Changes<GatewayFlags, GatewayDaemon> = {
  tokenFile: (gateway, { tokenFile }) =>
    gateway.setTokens(tokenFile === undefined ? null : readTokens(tokenFile)),
};

async function runGateway(
  flags: GatewayFlags,
  source: FlagSource<GatewayFlags> | null,
  version: string,
): Promise<void> {
  const options = gatewayOptionsOf(flags);
  const log = await openLog(flags);
  const { logger } = log;
  const { publicAddress } = options;
  const describe = (gateway: GatewayDaemon): string => {
    const { web, clients } = gateway.report();
    return `gateway ${publicAddress} on ${hostText(web.host, web.port)}, ${clients.connected} clients`;
  };
  await runDaemon({
    log,
    control: await openControl(flags, 'gateway', false, logger),
    version,
    tunnelOf: () => null,
    flags,
    describe,
    reload: source && { source, changes: CHANGES, files: ['tokenFile'] },
    start: () => startGateway(options),
    claims: { tun: false, listen: options.web?.host ?? '127.0.0.1', port: options.web?.port },
    onStarted: (gateway) => logGateway(gateway, options, logger),
    status: (gateway, process) => statusOfGateway(gateway, { version, ...process }, publicAddress),
  });
}

function logGateway(
  gateway: GatewayDaemon,
  { routers, publicAddress, tls, trustProxies }: ReturnType<typeof gatewayOptionsOf>,
  log: Logger,
): void {
  const { web } = gateway.report();
  log.info({ web: hostText(web.host, web.port), public: publicAddress, routers }, 'ready');
  if (tls === undefined && !isLoopback(web) && trustProxies === undefined) {
    log.warn('WebSockets are taken without TLS: a web server in front should have the certificate');
  }
  const limit = new LineLimit();
  const detail = (fields: object, message: string): void => {
    if (log.isLevelEnabled('debug') && limit.allows()) log.debug(fields, message);
  };
  gateway.on('client', ({ endpoint, source, resumed }) => {
    detail({ client: endpoint, source }, resumed ? 'client is back' : 'client');
  });
  gateway.on('client-gone', ({ endpoint }) => detail({ client: endpoint }, 'client is gone'));
  gateway.on('refused', ({ source, reason }) => detail({ source, reason }, 'connection refused'));
}
