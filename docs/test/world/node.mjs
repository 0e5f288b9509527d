// `@6bed4/node` as a reader has it, in the world of the pages.
import * as published from '@6bed4/node';
import { surroundings } from './network.mjs';

export * from '@6bed4/node';
export { startRouter } from './network.mjs';

export async function startPeer(options) {
  return published.startPeer({ ...options, ...(await surroundings(options)) });
}

export async function openTunnel(options) {
  return published.openTunnel({ ...options, ...(await surroundings(options)) });
}
