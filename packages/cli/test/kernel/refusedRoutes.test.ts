import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { command, startRouter } from '@6bed4/testing/kernel/daemons';
import { ROUTER_IPV4 } from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { useInternet } from '@6bed4/testing/kernel/suites';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { expect, test } from 'vitest';

const REFUSAL = fileURLToPath(new URL('programs/refuseRoutes.mjs', import.meta.url));
const PREFIX = '2001:64::/32';
const ROUTE = `route ${PREFIX} metric 1052`;
const REASON = `cannot add route ${PREFIX} dev 6bed4: ENOMEM; packets to it will not use the tunnel`;
/** Milliseconds for an attempt after another. */
const SOON = 20_000;

describeKernel('a route that the kernel refuses', () => {
  let lab: Lab;
  useInternet((built) => {
    lab = built;
  });

  const fileOf = (host: string): string => join(lab.folder, `refused-${host}`);

  /** Starts a daemon whose kernel refuses the routes to {@link PREFIX} as long as the file of the host exists. */
  function start(host: string, ...words: readonly string[]): RunningProgram {
    writeFileSync(fileOf(host), '2001 ENOMEM');
    const [node, ...rest] = command(...words);
    const env = `REFUSE_ROUTES=${fileOf(host)}`;
    return lab.spawn(host, ['env', env, node!, '--import', REFUSAL, ...rest]);
  }

  async function status(host: string): Promise<string> {
    return (await lab.exec(host, command('status', '6bed4'))).stdout;
  }

  test.each(['router', 'peer'])(
    'is in the line by which a %s says that it is ready, and in its status, until it is there',
    async (role) => {
      const host = role === 'router' ? 'router' : 'peer1';
      if (role === 'peer') await startRouter(lab, 'router', '--no-tun', '--no-control');
      const words = role === 'router' ? ['--listen', ROUTER_IPV4] : ['--router', ROUTER_IPV4];
      const daemon = start(host, role, ...words);
      const ready = await daemon.waitForLine(/^ready/);
      expect(ready).toMatch(new RegExp(` {2}without ${ROUTE}, ${ROUTE} in the own table$`));
      expect(await daemon.waitForLine(/^warning: cannot add route/)).toBe(`warning: ${REASON}`);
      expect(await status(host)).toContain(`missing     ${ROUTE} (${REASON})`);
      expect(await lab.ip(host, '-6 route')).not.toContain(PREFIX);
      rmSync(fileOf(host));
      await daemon.waitForLine(/^the interface is complete again/, SOON);
      expect(await lab.ip(host, '-6 route')).toContain(`${PREFIX} dev 6bed4`);
      expect(await status(host)).not.toContain('missing');
      expect(daemon.stdout.filter((line) => line.includes('cannot add'))).toHaveLength(1);
      expect(await daemon.stop()).toEqual({ code: 0, signal: null });
    },
  );
});
