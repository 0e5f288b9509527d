// Runs the modules it is given, one after the other, in the world of the pages. Notifies its parent when
// the last one has been evaluated; what goes on afterwards goes on until the parent ends it.
import module from 'node:module';
import { argv } from 'node:process';
import { resolve } from './hooks.mjs';

// Node.js 20 has only hooks on a thread of their own, of which later versions warn.
if (module.registerHooks === undefined) module.register('./hooks.mjs', import.meta.url);
else module.registerHooks({ resolve });
const modules = argv.splice(2);
for (const file of modules) await import(file);
process.send?.('evaluated');
// The channel must not keep a program alive that has nothing more to do.
process.channel?.unref();
