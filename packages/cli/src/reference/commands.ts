import type { ReferenceCommand } from './optionTable.js';
import { peerCommand } from './peerOptions.js';
import { routerCommand } from './routerOptions.js';

/** The commands of the C implementation. */
export const REFERENCE_COMMANDS: readonly ReferenceCommand[] = [peerCommand, routerCommand];

/** The command of the C implementation of a name; undefined for others. */
export function referenceCommand(name: string): ReferenceCommand | undefined {
  return REFERENCE_COMMANDS.find((command) => command.name === name);
}
