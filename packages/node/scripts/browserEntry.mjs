/**
 * Writes what bundlers for browsers find instead of this package, after its build. It has all the names, so that
 * programs which import them can be bundled, and throws when it is loaded.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import * as library from '../dist/index.js';

const { repository } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url)));
const address = repository.url.replace(/^git\+|\.git$/g, '');
const guide = `${address}/blob/main/docs/writing-a-driver.md`;
const message = `@6bed4/node needs Node.js: in a browser, use @6bed4/tunnel with a driver of your own, see ${guide}`;

const fault = `throw new Error(${JSON.stringify(message)});\n`;
const names = Object.keys(library).join(', ');
const write = (name, text) => writeFileSync(new URL(`../dist/${name}`, import.meta.url), text);

write('browser.js', `${fault}export let ${names};\n`);
write('browser.cjs', `'use strict';\n${fault}`);
