import type { ReferenceCommand } from './optionTable.js';
import { peerCommand } from './peerOptions.js';
import { routerCommand } from './routerOptions.js';

/** The command of the C implementation of a name; undefined for others. */
export function referenceCommand(name: string): ReferenceCommand | undefined {
  return [peerCommand, routerCommand].find((command) => command.name === name);
}
