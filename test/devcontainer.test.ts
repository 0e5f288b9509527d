import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import dockerfile from 'dockerfile-utils';
import { describe, expect, onTestFinished, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const DOCKERFILE = read('.devcontainer/Dockerfile');
const RUN = read('.ci/run');
const bash = spawnSync('bash', ['--version']).status === 0;

/** The packages of Debian that .ci/run installs where there are no programs; files that are here count as there. */
function neededPackages(): string[] {
  const [, list] = /^needed=\(\n(.*?)^\)$/ms.exec(RUN)!;
  return [...list!.matchAll(/^ {2}'([\w.+-]+): (.*)'$/gm)]
    .filter(
      ([, , files]) => !files!.split(' ').some((file) => /^\//.test(file) && existsSync(file)),
    )
    .map(([, name]) => name!);
}

describe('the development container', () => {
  test('is described without a fault, and one would be found', () => {
    const faults = (text: string): string[] =>
      dockerfile.validate(text).map(({ message }) => String(message));
    expect(faults(DOCKERFILE)).toEqual([]);
    expect(faults(DOCKERFILE.replace('COPY', 'COPPY'))).toHaveLength(1);
    // By hadolint, where there are containers.
    expect(read('.github/workflows/ci.yml')).toMatch(/^ +args: .*\.devcontainer\/Dockerfile$/m);
  });

  test('is built from files that are there, in a context that holds them', () => {
    const { build } = JSON.parse(read('.devcontainer/devcontainer.json'));
    expect(existsSync(join(root, '.devcontainer', build.dockerfile))).toBe(true);
    expect(resolve(root, '.devcontainer', build.context)).toBe(resolve(root));
    const [, source] = /^COPY (\S+) /m.exec(DOCKERFILE)!;
    expect(existsSync(join(root, source!))).toBe(true);
    expect(read('.dockerignore')).toContain(`!${source}\n`);
  });

  test('may create network namespaces and TUN interfaces', () => {
    const container = JSON.parse(read('.devcontainer/devcontainer.json'));
    expect(container.privileged).toBe(true);
    expect(container.runArgs).toContain('--device=/dev/net/tun');
    expect(container.remoteUser).toBe('root');
  });

  test('is started with what npm installs besides the workspace', () => {
    const { postCreateCommand } = JSON.parse(read('.devcontainer/devcontainer.json'));
    expect(postCreateCommand).toMatch(/^\.ci\/run --install && npm run setup$/);
  });

  // With stand-ins for apt-get and all else, which say what they are asked for.
  test.skipIf(!bash || process.getuid?.() !== 0)(
    'installs exactly the packages that .ci/run needs, and no test is run',
    () => {
      const folder = mkdtempSync(join(tmpdir(), '6bed4-devcontainer-'));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      mkdirSync(join(folder, 'bin'));
      for (const name of ['apt-get', 'npm']) {
        const path = join(folder, 'bin', name);
        writeFileSync(path, `#!/bin/bash\necho ${name} "$@" >> ${folder}/calls\n`);
        chmodSync(path, 0o755);
      }
      for (const name of ['bash', 'dirname', 'mktemp', 'rm']) {
        const path = execFileSync('bash', ['-c', `command -v ${name}`], { encoding: 'utf8' });
        cpSync(path.trim(), join(folder, 'bin', name), { dereference: true });
      }
      cpSync(join(root, '.ci'), join(folder, '.ci'), { recursive: true });
      const [, command] = /^RUN \/tmp\/6bed4\/(\S+ \S+)/m.exec(DOCKERFILE)!;
      const { status } = spawnSync(join(folder, 'bin', 'bash'), [...command!.split(' ')], {
        cwd: folder,
        env: { PATH: join(folder, 'bin') },
      });
      expect(status).toBe(0);
      const calls = readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
      expect(calls[0]).toBe('apt-get update');
      expect(calls).toHaveLength(2);
      const packages = calls[1]!.split(' ').filter((word) => !/^(apt-get|install|-)/.test(word));
      expect(packages).toEqual(neededPackages());
      expect(packages.length).toBeGreaterThan(20);
    },
  );
});
