import { unanswered } from '@6bed4/testing/kernel/ping';
import { expect } from 'vitest';
import { type Examples, ROUTER } from './examples.js';
import { WebGateway } from './webGateway.js';

/** Expects that a gateway can be used, as `6bed4 check` on a host finds out. */
async function isUsable(
  examples: Examples,
  label: string,
  url: string,
  before = '',
  options = '',
): Promise<void> {
  const line = `${before} 6bed4 check --router ${ROUTER} --gateway ${url} ${options}`;
  expect(await examples.output(label, line)).toMatch(/^gateway +\S+ gives an address after /m);
}

/** A line for a gateway behind a web server on its computer. */
export async function letsIn(examples: Examples, line: string): Promise<void> {
  await examples.daemon('router', `6bed4 router --listen ${ROUTER}`);
  await examples.daemon('router', line, 'nobody');
  await isUsable(examples, 'router', 'ws://127.0.0.1:8964/6bed4');
}

/** The same with a certificate of its own, for other computers. */
export async function letsInByTls(examples: Examples, line: string): Promise<void> {
  const web = new WebGateway(examples);
  web.certify();
  await examples.daemon('router', `6bed4 router --listen ${ROUTER}`);
  const files = line
    .replace('cert.pem', web.path('server.pem'))
    .replace('key.pem', web.path('server.key'));
  await examples.daemon('router', files);
  await isUsable(examples, 'laptop', `wss://${ROUTER}/6bed4`, web.trust);
}

/** The same for those who have a token. */
export async function letsInByToken(examples: Examples, line: string): Promise<void> {
  const path = `${examples.lab.folder}/tokens`;
  await examples.output('router', `echo one > ${path}; echo other >> ${path}`);
  await examples.daemon('router', `6bed4 router --listen ${ROUTER}`);
  await examples.daemon(
    'router',
    line.replace('--token-file tokens', `--token-file ${path}`),
    'nobody',
  );
  const url = 'ws://127.0.0.1:8964/6bed4';
  await isUsable(examples, 'router', url, '', `--gateway-token-file ${path}`);
  const refused = `6bed4 check --router ${ROUTER} --gateway ${url} || true`;
  expect(await examples.output('router', refused)).toContain('a token is needed');
}

/** A line for a peer where UDP is blocked: the gateway is that of the router's name. */
export async function getsOut(examples: Examples, line: string): Promise<void> {
  const web = new WebGateway(examples);
  web.certify();
  web.name('laptop');
  try {
    await examples.daemon('router', `6bed4 router --listen ${ROUTER}`);
    await web.gateway();
    await web.nginx();
    await web.block('laptop');
    const peer = await examples.daemon('laptop', `env ${web.trust} ${line}`);
    expect(await unanswered(examples.lab, 'router', await examples.addressOf(peer), 2)).toEqual([]);
  } finally {
    web.dispose();
  }
}
