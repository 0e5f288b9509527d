#!/usr/bin/env node
/** A chat in the terminal; without a router, a conversation of two on this machine. */
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { participate } from './participant.mjs';

const options = {
  router: { type: 'string', multiple: true },
  name: { type: 'string', default: userInfo().username },
  folder: { type: 'string', default: 'downloads' },
  limit: { type: 'string', default: '100' },
};

/** Lines above a prompt, in which the progress bar stands too; lines only where there is no terminal. */
function openTerminal({ stdin: input, stdout: output }) {
  if (!output.isTTY)
    return { lines: createInterface({ input }), show: console.log, draw: console.log };
  const lines = createInterface({ input, output });
  function draw(bar) {
    lines.setPrompt(`${bar}> `);
    lines.prompt(true);
  }
  function show(text) {
    console.log(`\r\x1b[K${text}`);
    lines.prompt(true);
  }
  return { lines, show, draw };
}

async function chat({ router: routers, name, folder, limit }, addresses) {
  const { lines, ...view } = openTerminal(process);
  const { obey } = await participate(view, { routers, name, folder, limit: limit * 1e6 });
  lines.on('line', (line) => (line === '/quit' ? lines.close() : obey(line)));
  lines.on('close', () => obey('/quit'));
  process.once('SIGTERM', () => lines.close());
  for (const address of addresses) obey(`/call ${address}`);
}

const { values, positionals } = parseArgs({ options, allowPositionals: true });
await (values.router ? chat(values, positionals) : import('./demo.mjs'));
