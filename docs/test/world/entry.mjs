// Runs the modules it is given, one after the other, in the world of the pages. Notifies its parent when
// the last one has been evaluated; what goes on afterwards goes on until the parent ends it.
import { register } from 'node:module';
import { argv } from 'node:process';

register('./hooks.mjs', import.meta.url);
const modules = argv.splice(2);
for (const module of modules) await import(module);
process.send?.('evaluated');
// The channel must not keep a program alive that has nothing more to do.
process.channel?.unref();
