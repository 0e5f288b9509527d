import { fileURLToPath } from 'node:url';
import { PORT, startRouter } from '@6bed4/testing/kernel/daemons';
import { ROUTER_IPV4 } from '@6bed4/testing/kernel/internet';
import { Lab } from '@6bed4/testing/kernel/lab';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { afterEach, beforeEach, expect, test } from 'vitest';

const SENDER = fileURLToPath(new URL('./programs/flowSockets.mjs', import.meta.url));
const WORKERS = 3;
const ROUNDS = 3;
const FLOWS = Array.from({ length: 16 }, (_, index) => String(40_000 + index));

describeKernel('the threads of a router', () => {
  let lab: Lab;
  let router: RunningProgram;

  beforeEach(async () => {
    lab = new Lab();
    await lab.host('router');
    await lab.host('sender');
    await lab.link(['router', 'eth0', `${ROUTER_IPV4}/24`], ['sender', 'eth0', '198.51.100.9/24']);
    router = await startRouter(lab, 'router', '--workers', String(WORKERS));
  });
  afterEach(() => lab.dispose());

  /** The socket of each flow: one datagram of each arrives while the router reads none. */
  async function socketsOfFlows(): Promise<string[]> {
    // `ip netns exec` becomes what it executes.
    const { pid } = router;
    process.kill(pid, 'SIGSTOP');
    try {
      const argv = [process.execPath, SENDER, String(pid), ROUTER_IPV4, String(PORT), ...FLOWS];
      const { stdout } = await lab.exec('sender', argv);
      return stdout.trimEnd().split('\n');
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  }

  test('have flows of their own, which stay with them', async () => {
    const first = await socketsOfFlows();
    expect(first.map((line) => line.split(' ').length)).toEqual(FLOWS.map(() => 2));
    const sockets = new Set(first.map((line) => line.split(' ')[1]));
    expect(sockets.size).toBeGreaterThan(1);
    expect(sockets.size).toBeLessThanOrEqual(WORKERS);
    for (let round = 1; round < ROUNDS; round++) expect(await socketsOfFlows()).toEqual(first);
  });
});
