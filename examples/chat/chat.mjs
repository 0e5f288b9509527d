#!/usr/bin/env node
/** A chat in the terminal; without a router, a conversation of two on this machine. */
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { openSession } from './session.mjs';
import { plainView, terminalView } from './views.mjs';

const options = {
  router: { type: 'string', multiple: true },
  name: { type: 'string', default: userInfo().username },
  listen: { type: 'string', default: '0.0.0.0' },
  port: { type: 'string', default: '0' },
  folder: { type: 'string', default: 'downloads' },
  limit: { type: 'string', default: '100' },
  away: { type: 'string', default: '300' },
};
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const { router: routers, name, listen, folder } = values;
const [port, limit, away] = [values.port, values.limit * 1e6, values.away * 1e3].map(Number);

async function chat({ stdin: input, stdout: output }) {
  const lines = createInterface({ input, output: output.isTTY ? output : undefined });
  const view = output.isTTY ? terminalView(lines, output) : plainView(console.log);
  const session = await openSession(view, { routers, listen, port }, { name, folder, limit, away });
  lines.on('line', (line) => (line === '/quit' ? lines.close() : session.obey(line)));
  lines.once('close', () => session.close());
  process.once('SIGTERM', () => lines.close());
  for (const address of positionals) session.obey(`/call ${address}`);
}

if (routers === undefined) await import('./demo.mjs');
else {
  await chat(process).catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
}
