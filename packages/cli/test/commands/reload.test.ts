import { startPeer } from '@6bed4/node';
import { type RunningProgram, requireBuild, run, start } from '@6bed4/testing/command';
import { pingPacket } from '@6bed4/testing/packets';
import { freePort } from '@6bed4/testing/sockets';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ConfigFolder } from '../support/configuration.js';

beforeAll(requireBuild);

const LOOPBACK = ['listen = "127.0.0.1"', 'tun = false', 'control = false'];
const PINGS = 200;

// Windows has no signals.
describe.runIf(process.platform !== 'win32')('a daemon with a configuration file', () => {
  const programs: RunningProgram[] = [];
  const folders: ConfigFolder[] = [];

  afterEach(async () => {
    await Promise.all(programs.splice(0).map((program) => program.stop('SIGKILL')));
    for (const folder of folders.splice(0)) folder.remove();
  });

  function newFolder(): ConfigFolder {
    const folder = new ConfigFolder();
    folders.push(folder);
    return folder;
  }

  function launch(...args: readonly string[]): RunningProgram {
    const program = start(...args);
    programs.push(program);
    return program;
  }

  async function launchRouter(): Promise<{
    router: RunningProgram;
    at: string;
    folder: ConfigFolder;
  }> {
    const port = await freePort();
    const folder = newFolder();
    const path = folder.write(
      '[router]',
      ...LOOPBACK,
      `port = ${port}`,
      'route = "2001:db8:1::/48"',
    );
    const router = launch('router', '--config', path);
    await router.waitForLine(/^ready.*routes 2001:db8:1::\/48$/);
    return { router, at: `127.0.0.1:${port}`, folder };
  }

  test('has its options from there, and ends as any', async () => {
    const { router, at } = await launchRouter();
    expect(router.stdout[0]).toContain(`on ${at}`);
    expect(await router.stop()).toEqual({ code: 0, signal: null });
    expect(router.stderr).toEqual([]);
  });

  test('starts nothing with a faulty one', async () => {
    const path = newFolder().write('[peer]', 'router = "127.0.0.1"', '', 'port = "many"');
    expect(await run('peer', '--config', path)).toEqual({
      code: 2,
      stdout: '',
      stderr: `6bed4 peer: ${path}:4: port: found "many", expected an integer from 1 to 65535\n`,
    });
    expect(await run('check-config', path)).toMatchObject({
      code: 2,
      stderr: `6bed4 check-config: ${path}:4: port: found "many", expected an integer from 1 to 65535\n`,
    });
  });

  test('takes other routers on SIGHUP without losing a packet by the one that stays', async () => {
    const [{ at }, other] = [await launchRouter(), await launchRouter()];
    const folder = newFolder();
    const path = folder.write('[peer]', ...LOOPBACK, `router = "${at}"`);
    const program = launch('peer', '--config', path);
    const address = /peer (\S+)\/114/.exec(await program.waitForLine(/^ready/))![1]!;
    // Through the router, so that no search for a direct path changes anything meanwhile.
    const peering = { strategy: 'via-router' } as const;
    await using peer = await startPeer({ routers: at, listen: '127.0.0.1', peering });
    const own = await peer.ready;
    const missing = new Set(Array.from({ length: PINGS }, (_, sequence) => sequence));
    peer.on('packet', (packet) => missing.delete((packet[46]! << 8) | packet[47]!));
    for (let sequence = 0; sequence < PINGS; sequence++) {
      if (sequence === 20) {
        folder.write('[peer]', ...LOOPBACK, `router = ["${other.at}", "${at}"]`, 'verbose = true');
        process.kill(program.pid, 'SIGHUP');
      }
      if (sequence === 100) {
        folder.write('[peer]', ...LOOPBACK, `router = "${at}"`);
        await program.waitForLine(new RegExp(`^address .*via ${other.at}`));
        process.kill(program.pid, 'SIGHUP');
      }
      peer.send(pingPacket({ from: own.address, to: address, sequence }));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await program.waitForLine(new RegExp(`^address released .*via ${other.at}`));
    await expect.poll(() => [...missing]).toEqual([]);
    expect(program.stdout.filter((line) => line.startsWith('configuration read again'))).toEqual([
      expect.stringContaining('changed router verbose'),
      expect.stringContaining('changed router verbose'),
    ]);
  });

  test('goes on with the old one when the new one is faulty', async () => {
    const { router, at, folder } = await launchRouter();
    folder.write('[router]', ...LOOPBACK, 'port = 0');
    process.kill(router.pid, 'SIGHUP');
    await router.waitForLine(/the configuration stays as it was: .*:5: port: found "0", expected/);
    await using peer = await startPeer({ routers: at, listen: '127.0.0.1' });
    expect((await peer.ready).routes).toEqual(['2001:db8:1::/48']);
  });

  test('offers other routes on SIGHUP, and says what needs a restart', async () => {
    const { router, at, folder } = await launchRouter();
    folder.write('[router]', ...LOOPBACK, 'route = "2001:db8:2::/48"');
    process.kill(router.pid, 'SIGHUP');
    await router.waitForLine(/^configuration read again .*changed route$/);
    await router.waitForLine(/^warning: needs a restart: port$/);
    await using peer = await startPeer({ routers: at, listen: '127.0.0.1' });
    expect((await peer.ready).routes).toEqual(['2001:db8:2::/48']);
  });

  test('answers Prometheus elsewhere on SIGHUP', async () => {
    const { router, at, folder } = await launchRouter();
    const metrics = await freePort();
    const lines = [
      '[router]',
      ...LOOPBACK,
      `port = ${at.split(':')[1]}`,
      'route = "2001:db8:1::/48"',
    ];
    folder.write(...lines, `metrics = ${metrics}`);
    process.kill(router.pid, 'SIGHUP');
    await router.waitForLine(/^configuration read again .*changed metrics$/);
    const answer = await fetch(`http://127.0.0.1:${metrics}/metrics`);
    expect(await answer.text()).toContain('sixbed4_info');
    folder.write(...lines);
    process.kill(router.pid, 'SIGHUP');
    await expect
      .poll(() =>
        fetch(`http://127.0.0.1:${metrics}/metrics`).then(
          () => 'open',
          () => 'closed',
        ),
      )
      .toBe('closed');
  });

  test('finds its router by name, and waits for one whose name has no address', async () => {
    const { at } = await launchRouter();
    const port = at.split(':')[1];
    const program = launch(
      ...['peer', '--listen', '127.0.0.1', '--no-tun', '--no-control'],
      ...['--router', 'router.invalid', '--router', `localhost:${port}`],
    );
    await program.waitForLine(/^warning: no address of router router\.invalid: \w+; waiting/);
    await program.waitForLine(/^router localhost is 127\.0\.0\.1/);
    await program.waitForLine(new RegExp(`^ready .*via ${at}`));
    expect(await program.stop()).toMatchObject({ signal: null });
  });
});
