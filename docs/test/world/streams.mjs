// `@6bed4/streams` as a reader has it, in the world of the pages.
import * as published from '@6bed4/streams';
import { surroundings } from './network.mjs';

export * from '@6bed4/streams';

export async function openTunnel(options) {
  return published.openTunnel({ ...options, ...(await surroundings(options)) });
}
