import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  controlFolders,
  ownControlFolder,
  prepareControlFolder,
} from '../../src/control/controlFolder.js';
import { ControlServer } from '../../src/control/controlServer.js';

const PERMISSIONS = 0o777;
/** Beyond the largest process number of Linux. */
const NO_PROCESS = 4_194_305;

// Windows has no such sockets.
describe.runIf(process.platform !== 'win32')('the folder of control sockets', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), '6bed4-control-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  const asUser = (uid: number): void => {
    vi.spyOn(process as { getuid(): number }, 'getuid').mockReturnValue(uid);
  };
  const system = process.platform === 'linux' ? '/run/6bed4' : '/var/run/6bed4';

  test('is that of the system for root', () => {
    asUser(0);
    vi.stubEnv('XDG_RUNTIME_DIR', '/run/user/0');
    expect(ownControlFolder()).toBe(system);
    expect(controlFolders()).toEqual([system]);
  });

  test('is that of the session for users, whose `6bed4 status` searches both', () => {
    asUser(1000);
    vi.stubEnv('XDG_RUNTIME_DIR', '/run/user/1000');
    expect(ownControlFolder()).toBe('/run/user/1000/6bed4');
    expect(controlFolders()).toEqual(['/run/user/1000/6bed4', system]);
  });

  test.each(['', 'relative'])('does not exist for users whose XDG_RUNTIME_DIR is %j', (value) => {
    asUser(1000);
    vi.stubEnv('XDG_RUNTIME_DIR', value);
    expect(ownControlFolder()).toBeNull();
    expect(controlFolders()).toEqual([system]);
  });

  test('is cleared of sockets at which nobody listens, whatever process has that number', async () => {
    const names = ['6bed4.sock', 'other-12', 'a-0.sock'];
    for (const name of names) writeFileSync(join(folder, name), '');
    const dead = [process.pid, NO_PROCESS].map((pid) => join(folder, `router-${pid}.sock`));
    for (const path of dead) writeFileSync(path, '');
    // A daemon in another PID namespace: here, no process has its number.
    const alive = join(folder, `peer-${NO_PROCESS}.sock`);
    const server = await ControlServer.open(alive);
    await prepareControlFolder(folder);
    for (const path of dead) expect(existsSync(path), path).toBe(false);
    expect(existsSync(alive)).toBe(true);
    for (const name of names) expect(existsSync(join(folder, name)), name).toBe(true);
    await server.close();
  });

  test('is made such that others may list it', async () => {
    const made = join(folder, 'a', '6bed4');
    await prepareControlFolder(made);
    expect(statSync(made).mode & PERMISSIONS & ~process.umask()).toBe(0o755 & ~process.umask());
  });
});
