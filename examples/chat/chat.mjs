#!/usr/bin/env node
/** A chat in the terminal; without a router, a conversation of two on this machine. */
import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import { openSession } from './session.mjs';

const options = {
  router: { type: 'string', multiple: true },
  name: { type: 'string', default: userInfo().username },
  folder: { type: 'string', default: 'downloads' },
  limit: { type: 'string', default: '100' },
};
const { values, positionals } = parseArgs({ options, allowPositionals: true });
if (values.router) {
  const settings = { ...values, routers: values.router, limit: values.limit * 1e6 };
  const { lines } = await openSession(process.stdin, process.stdout, settings);
  for (const address of positionals) lines.emit('line', `/call ${address}`);
  process.once('SIGTERM', () => lines.close());
} else await import('./demo.mjs');
