import { expect } from 'vitest';
import { type Examples, NATIVE, ROUTER } from './examples.js';

/** A line that checks a router which serves, and the host beyond it. */
export async function findsHealthy(examples: Examples, line: string): Promise<void> {
  await examples.addNative();
  await examples.daemon('router', `6bed4 router --listen ${ROUTER} --route 2001:db8:beef::/48`);
  const output = await examples.output('router', line.replace('2001:db8::1', NATIVE));
  if (line.includes('--json')) expect(JSON.parse(output)).toMatchObject({ healthy: true });
  else expect(output).toMatch(/^self-test +passed/m);
}

/** A line that tells BIRD whether a router serves. */
export async function tellsBird(examples: Examples, line: string): Promise<void> {
  const { lab } = examples;
  const [config, socket] = [`${lab.folder}/bird.conf`, `${lab.folder}/bird.sock`];
  const route = `ipv4; route ${ROUTER}/32 unreachable;`;
  await examples.output(
    'router',
    `echo 'protocol device { } protocol static fleet { disabled; ${route} }' > ${config}`,
  );
  lab.spawn('router', ['bird', '-f', '-c', config, '-s', socket]);
  const routes = (): Promise<string> =>
    examples.output('router', `birdc -s ${socket} show route || true`);
  await expect.poll(routes, { timeout: 10_000 }).toMatch(/ready/);
  expect(await routes()).not.toContain(ROUTER);
  await examples.addNative();
  await examples.daemon('router', `6bed4 router --listen ${ROUTER}`);
  const watch = examples.start('router', line.replaceAll('birdc ', `birdc -s ${socket} `));
  await watch.waitForLine(/^up/);
  await expect.poll(routes, { timeout: 10_000 }).toContain(ROUTER);
  await examples.output('router', '6bed4 drain');
  await expect.poll(routes, { timeout: 10_000 }).not.toContain(ROUTER);
}

/** A line that has a router drain, or take traffic again. */
export async function drains(examples: Examples, line: string): Promise<void> {
  await examples.daemon('router', `6bed4 router --listen ${ROUTER}`);
  await examples.output('router', line);
  const health = await examples.output('router', '6bed4 health || true');
  expect(health).toMatch(line.includes('--resume') ? /^draining +passed/m : /^draining +failed/m);
}
