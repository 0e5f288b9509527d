import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { requireBuild, startIn } from '@6bed4/testing/command';
import { freePort } from '@6bed4/testing/sockets';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { ServiceManager } from '../../src/process/serviceManager.js';
import { NotifySocket } from '../support/notifySocket.js';

describe.runIf(process.platform === 'linux')('the service manager', () => {
  const path = join(tmpdir(), `6bed4-notify-${process.pid}`);
  let socket: NotifySocket | null = null;

  beforeAll(requireBuild);
  afterEach(() => {
    socket?.close();
    socket = null;
    rmSync(path, { force: true });
    vi.useRealTimers();
  });

  test('is none without its variable, or with one that is no address', async () => {
    expect(await ServiceManager.find({})).toBeNull();
    for (const NOTIFY_SOCKET of ['', 'relative', 'vsock:2:1', `/${'x'.repeat(120)}`]) {
      expect(await ServiceManager.find({ NOTIFY_SOCKET })).toBeNull();
    }
  });

  test.each([
    ['a file', path],
    ['an abstract socket', `@6bed4-notify-${process.pid}`],
  ])('is told at %s', async (_, NOTIFY_SOCKET) => {
    socket = NotifySocket.open(NOTIFY_SOCKET);
    const env: NodeJS.ProcessEnv = { NOTIFY_SOCKET };
    const manager = (await ServiceManager.find(env))!;
    // Not for programs that this one starts.
    expect(env).toEqual({});
    manager.ready(() => 'here');
    await delay(20);
    manager.reloading();
    manager.reloaded();
    manager.stopping();
    expect(socket.take()).toEqual([
      'READY=1',
      'STATUS=here',
      expect.stringMatching(/^RELOADING=1\nMONOTONIC_USEC=[0-9]+$/),
      'READY=1',
      'STOPPING=1',
    ]);
  });

  test('that is gone is no failure', async () => {
    const manager = (await ServiceManager.find({ NOTIFY_SOCKET: path }))!;
    manager.ready(() => 'here');
    manager.stopping();
  });

  test('hears within half of its time that the daemon lives, and a status only when it is another', () => {
    vi.useFakeTimers();
    const sent: string[] = [];
    let status = 'a';
    const manager = new ServiceManager((text) => sent.push(text), 1_000);
    manager.ready(() => status);
    vi.advanceTimersByTime(999);
    status = 'b';
    vi.advanceTimersByTime(2);
    expect(sent).toEqual(['READY=1', 'WATCHDOG=1\nSTATUS=a', 'WATCHDOG=1', 'WATCHDOG=1\nSTATUS=b']);
    manager.stopping();
    vi.advanceTimersByTime(10_000);
    expect(sent.slice(4)).toEqual(['STOPPING=1']);
  });

  test('is not told more than a hundred times a second, however short its watchdog is', () => {
    vi.useFakeTimers();
    const sent: string[] = [];
    const manager = new ServiceManager((text) => sent.push(text), 0.001);
    manager.ready(() => 'a');
    vi.advanceTimersByTime(1_000);
    manager.stopping();
    expect(sent.length).toBeLessThan(110);
  });

  test('is told nothing of life without a watchdog', () => {
    vi.useFakeTimers();
    const sent: string[] = [];
    const manager = new ServiceManager((text) => sent.push(text), null);
    manager.ready(() => 'a');
    vi.advanceTimersByTime(60_000);
    manager.stopping();
    expect(sent).toEqual(['READY=1', 'STATUS=a', 'STOPPING=1']);
  });

  test('hears of a whole daemon', async () => {
    socket = NotifySocket.open(path);
    const env = { NOTIFY_SOCKET: path, WATCHDOG_USEC: '400000' };
    const port = await freePort();
    const args = ['--listen', '127.0.0.1', '--no-tun', '--no-control', '--port', String(port)];
    const router = startIn(env, 'router', ...args);
    await router.waitForLine(/^ready/);
    await delay(700);
    await router.stop();
    const [ready, first, ...more] = socket.take();
    expect(ready).toBe('READY=1');
    expect(first).toMatch(/^WATCHDOG=1\nSTATUS=router fc64:bed:\S+ on 127\.0\.0\.1:\d+$/);
    expect(more.at(-1)).toBe('STOPPING=1');
    expect(more.slice(0, -1)).toContain('WATCHDOG=1');
  });
});
