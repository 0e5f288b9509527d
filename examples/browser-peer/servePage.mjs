import { context } from 'esbuild';
import { bundleOptions } from './bundle.mjs';

/**
 * Bundles the page of a folder and serves it on loopback, and anew when a file changes.
 *
 * @param port - 0 for any
 * @returns its origin, and what ends it
 */
export async function servePage(port = 0, folder = new URL('.', import.meta.url)) {
  const options = bundleOptions(folder);
  const building = await context(options);
  const served = await building.serve({ host: '127.0.0.1', port, servedir: options.outdir });
  return { origin: `http://${served.hosts[0]}:${served.port}`, close: () => building.dispose() };
}
