import type { Command } from 'commander';

/** Adds a command to the program. */
export type AddCommand = (program: Command, version: string) => void;

/** What defines each command, in the order of the help. */
const COMMANDS = {
  router: async () => (await import('./routerCommand.js')).addRouterCommand,
  gateway: async () => (await import('./gatewayCommand.js')).addGatewayCommand,
  fleet: async () => (await import('./fleetCommand.js')).addFleetCommand,
  peer: async () => (await import('./peerCommand.js')).addPeerCommand,
  proxy: async () => (await import('./proxyCommand.js')).addProxyCommand,
  serve: async () => (await import('./serveCommand.js')).addServeCommand,
  status: async () => (await import('./statusCommand.js')).addStatusCommand,
  health: async () => (await import('./healthCommand.js')).addHealthCommand,
  drain: async () => (await import('./drainCommand.js')).addDrainCommand,
  monitor: async () => (await import('./monitorCommand.js')).addMonitorCommand,
  capture: async () => (await import('./captureCommand.js')).addCaptureCommand,
  check: async () => (await import('./checkCommand.js')).addCheckCommand,
  'check-config': async () => (await import('./checkConfigCommand.js')).addCheckConfigCommand,
  ping: async () => (await import('./pingCommand.js')).addPingCommand,
  address: async () => (await import('./addressCommand.js')).addAddressCommand,
  'wireshark-plugin': async () =>
    (await import('./wiresharkPluginCommand.js')).addWiresharkPluginCommand,
  completion: async () => (await import('./completionCommand.js')).addCompletionCommand,
} satisfies Record<string, () => Promise<AddCommand>>;

/** Loads what defines the commands that arguments need, those after `6bed4`. */
export type LoadCommands = (args: readonly string[]) => Promise<readonly AddCommand[]>;

/** Commands that say something about the others. */
const ABOUT_ALL = ['check-config', 'completion'];
/** Loads the one command that arguments name, or all where others matter. */
export const loadCommands: LoadCommands = (args) => {
  const [name = ''] = args;
  const isAlone = Object.hasOwn(COMMANDS, name) && !ABOUT_ALL.includes(name);
  const loaders = Object.entries<() => Promise<AddCommand>>(COMMANDS)
    .filter(([each]) => !isAlone || each === name)
    .map(([, load]) => load());
  return Promise.all(loaders);
};
