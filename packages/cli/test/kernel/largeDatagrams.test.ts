import { fileURLToPath } from 'node:url';
import { startPeer, startRouter } from '@6bed4/testing/kernel/daemons';
import { buildInternet, ROUTER_IPV4 } from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { program } from '@6bed4/testing/kernel/programs';
import { describeDrivers } from '@6bed4/testing/kernel/suites';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { afterAll, beforeAll, expect, test } from 'vitest';

const PORT = 5060;
/** Of one packet and just more; DNS answers (EDNS), IPsec keys, SIP messages; the largest. */
const SIZES = [1232, 1233, 4096, 8000, 65_527];

/** Command line of a program in `programs/` beside this file. */
function tunnelProgram(name: string, ...args: readonly (string | number)[]): string[] {
  const path = fileURLToPath(new URL(`./programs/${name}.mjs`, import.meta.url));
  return [process.execPath, path, ...args.map(String)];
}

interface Report {
  readonly results: readonly { readonly size: number; readonly echoed: boolean }[];
  readonly sent: number;
  readonly reassembled: number;
  readonly failures: number;
}

describeDrivers('a tunnel in a program, and a kernel with its own UDP', () => {
  let lab: Lab;
  let echo: RunningProgram;
  let address: string;

  beforeAll(async () => {
    lab = await buildInternet();
    await startRouter(lab, 'router');
    ({ address } = await startPeer(lab, 'peer1'));
    echo = lab.spawn('peer1', program('udpEcho', PORT));
    await echo.waitForLine(/listening/);
  });

  afterAll(() => lab?.dispose());

  test.each(['proper', 'prohibited'])(
    'exchange datagrams of all sizes in fragments, policy %s',
    async (policy) => {
      const client = tunnelProgram(
        'tunnelEchoClient',
        ROUTER_IPV4,
        address,
        PORT,
        policy,
        ...SIZES,
      );
      const { stdout } = await lab.exec('peer2', client, { timeout: 60_000 });
      const report = JSON.parse(stdout) as Report;
      expect(report.results).toEqual(SIZES.map((size) => ({ size, echoed: true })));
      expect(report.failures).toBe(0);
      expect(report.reassembled).toBeGreaterThanOrEqual(SIZES.length - 1);
      expect(report.sent).toBeGreaterThan(60);
    },
  );

  test('answers echo requests that are larger than a packet', async () => {
    const holder = lab.spawn('peer2', tunnelProgram('tunnelHolder', ROUTER_IPV4));
    const line = await holder.waitForLine(/^address /);
    const target = line.split(' ')[1]!;
    const ping = ['ping', '-6', '-n', '-c', '5', '-i', '0.2', '-W', '5', '-s'];
    for (const size of ['1240', '8000', '65000']) {
      const { stdout } = await lab.exec('peer1', [...ping, size, target], { mayFail: true });
      expect(stdout).toMatch(/ [1-5] received/);
    }
    await holder.stop('SIGTERM');
  });
});
