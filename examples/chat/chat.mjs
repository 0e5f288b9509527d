#!/usr/bin/env node
/** A chat in the terminal; see README.md. */
import { parseArgs } from 'node:util';
import { openSession } from './session.mjs';

const options = {
  router: { type: 'string', multiple: true },
  name: { type: 'string', default: process.env.USER ?? 'somebody' },
  identity: { type: 'string', default: 'identity.pem' },
  folder: { type: 'string', default: 'downloads' },
  limit: { type: 'string', default: '100' },
};
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const { lines } = await openSession(process.stdin, process.stdout, values);
for (const card of positionals) lines.emit('line', `/call ${card}`);
process.once('SIGTERM', () => lines.close());
