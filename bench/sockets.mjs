/**
 * Datagrams between two programs in one process, over sockets of `node:dgram` on ::1 and over sockets of two 6bed4
 * tunnels on 127.0.0.1, direct and by a router in another process, with each driver, taken in turns; and the memory
 * of remotes. Run it with `npm run bench:sockets`; options:
 *
 * - `--quick`: short and few rounds
 * - `--json`: every sample, as JSON
 * - `--memory`: the memory of remotes instead
 * - `--dist DIR`: another build of `@6bed4/node` (its `dist/index.js`) as well, in the same rounds
 */
import { parseArgs } from 'node:util';
import { memory } from './sockets/memory.mjs';
import { measureRates } from './sockets/rates.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    memory: { type: 'boolean', default: false },
    dist: { type: 'string' },
  },
});

const reached = options.memory ? await memory() : await measureRates(options);
process.exitCode = reached ? 0 : 1;
