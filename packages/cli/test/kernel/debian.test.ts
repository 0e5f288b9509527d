import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Lab } from '@6bed4/testing/kernel/lab';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COPY_ROOT, SystemdHost } from './support/systemdHost.js';

const SCRIPT = fileURLToPath(new URL('../../../../scripts/debian/main.mjs', import.meta.url));
const PATIENCE = 300_000;

/** Makes Node.js a package of Debian, of the version $version, for the system at $root. */
const NODE_PACKAGE = `status="$root/var/lib/dpkg/status"
awk -v RS= -v ORS='\\n\\n' '!/^Package: nodejs\\n/' "$status" >"$root/status"
printf 'Package: nodejs\\nStatus: install ok installed\\nVersion: %s\\nArchitecture: all\\nMaintainer: test\\nDescription: test\\n\\n' "$version" >>"$root/status"
mv "$root/status" "$status"
touch "$root/var/lib/dpkg/info/nodejs.list"`;

/**
 * A copy of this computer's root that lasts as long as this script: what changes is in memory, nothing is
 * mounted outside, and its network is its own. It has the Node.js of this test as Debian's package nodejs, in
 * a version of choice. What stays of the package after its removal is printed at the end.
 */
const IN_A_COPY = `set -e
ip link set lo up
${COPY_ROOT}
mount --rbind /dev dev
cp "$2" package.deb
root=. version="$5"
${NODE_PACKAGE}
[ -e usr/bin/node ] || ln -s "$3" usr/bin/node
chroot . sh -e -c "$4"
find "$1/upper/usr" "$1/upper/etc" "$1/upper/var/lib/dpkg/info" -name '*6bed4*' 2>/dev/null || true`;

/** Versions of Node.js that Debian 12 had and has. */
const TOO_OLD = '18.13.0';
const NEW_ENOUGH = '18.20.4';
/** It stays unpacked, and works as soon as there is a newer Node.js. */
const INSTALL = `dpkg --no-triggers --force-unsafe-io --install /package.deb 2>&1 | grep 'depends on nodejs'
sed -i 's/^Version: ${TOO_OLD}$/Version: ${NEW_ENOUGH}/' /var/lib/dpkg/status
dpkg --no-triggers --force-unsafe-io --configure 6bed4 >/dev/null`;
const REMOVE = `dpkg --no-triggers --remove 6bed4 >/dev/null
test ! -e /usr/bin/6bed4
dpkg --no-triggers --purge 6bed4 >/dev/null 2>&1`;

/** A router, and daemons that use it. */
const CONFIGURE = `mkdir /etc/6bed4
cd /etc/6bed4
printf '[router]\\nlisten = "192.0.2.1"\\n' >one.toml
printf '[gateway]\\nrouter = ["192.0.2.1"]\\npublic = "192.0.2.1"\\n' >gateway.toml
printf '[proxy]\\nrouter = ["192.0.2.1"]\\n' >proxy.toml
printf '[serve]\\nrouter = ["192.0.2.1"]\\nservice = ["80=127.0.0.1:8000"]\\n' >serve.toml`;

describeKernel('the package for Debian', () => {
  let folder: string;
  let file: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), '6bed4-debian-test-'));
    const argv = [SCRIPT, '--out', folder];
    file = execFileSync(process.execPath, argv, { encoding: 'utf8' }).trim();
  }, PATIENCE);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const field = (name: string): string =>
    execFileSync('dpkg-deb', ['--field', file, name], { encoding: 'utf8' }).trim();

  function inCopy(script: string): string {
    const values = [join(folder, 'copy'), file, process.execPath, script, TOO_OLD];
    const argv = ['--mount', '--net', 'sh', '-c', IN_A_COPY, 'sh', ...values];
    const { status, stdout, stderr } = spawnSync('unshare', argv, { encoding: 'utf8' });
    expect({ status, stderr, stdout }).toEqual({ status: 0, stderr: '', stdout });
    return stdout;
  }

  test(
    'has nothing that lintian finds',
    () => {
      const argv = ['--allow-root', '--fail-on', 'error,warning', file];
      const { stdout, status } = spawnSync('lintian', argv, { encoding: 'utf8' });
      expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    },
    PATIENCE,
  );

  test('needs the Node.js that the npm package needs, and holds only files of root', () => {
    expect(field('Package')).toBe('6bed4');
    expect(field('Depends')).toContain('nodejs (>= 18.20)');
    const lines = execFileSync('dpkg-deb', ['--contents', file], { encoding: 'utf8' }).trim();
    for (const line of lines.split('\n')) {
      // Nobody else may write, and nothing gains privileges.
      expect(line).toMatch(/^(?:l|[-d]rw[-x]r-[-x]r-[-x] root\/root)/);
    }
  });

  test(
    'is not installed where Node.js is too old, and otherwise is, works, and is removed without a trace',
    () => {
      const works = `6bed4 --version
6bed4 address decode fc64:bed:c633:6401:c433:6402:e49e:8001
man 6bed4-peer | head -n 1
timeout 20 6bed4 router --listen 127.0.0.1 --no-tun --no-control | head -n 1
(cd /; md5sum --quiet --check /var/lib/dpkg/info/6bed4.md5sums && echo intact)`;
      const printed = inCopy(`${INSTALL}\n${works}\n${REMOVE}`);
      const lines = printed.trim().split('\n');
      expect(lines[0]).toContain('6bed4 depends on nodejs (>= 18.20)');
      expect(lines.filter((line) => /^\d+\.\d+\.\d+$/.test(line))).toHaveLength(1);
      expect(printed).toContain('router      198.51.100.1:25790');
      expect(printed).toMatch(/^6BED4-PEER\(8\)/m);
      expect(printed).toMatch(/^ready .*router fc64:bed:7f00:1:/m);
      // Nothing is left of the package.
      expect(lines.at(-1)).toBe('intact');
    },
    PATIENCE,
  );

  test(
    'has services that start, are started anew by an upgrade, and end with the package',
    async () => {
      const lab = new Lab();
      let host: SystemdHost | null = null;
      try {
        await lab.internet();
        await lab.host('computer');
        await lab.attach('computer', '192.0.2.1/24');
        host = await SystemdHost.boot(lab, 'computer');
        const run = (script: string) => host!.run(script, { timeout: PATIENCE });
        await run(`rm /usr/local/bin/6bed4
        [ -e /usr/bin/node ] || ln -s /usr/local/bin/node /usr/bin/node
        root= version=${NEW_ENOUGH}
        ${NODE_PACKAGE}`);
        cpSync(file, join(lab.folder, 'package.deb'));
        const install = `dpkg --no-triggers --force-unsafe-io --install ${lab.folder}/package.deb >/dev/null`;
        await run(install);
        const names = ['router@one', 'gateway', 'proxy', 'serve'].map((name) => `6bed4-${name}`);
        const lines = async (script: string): Promise<string[]> =>
          (await run(script)).trim().split(/\n+/);
        const states = async (): Promise<Set<string>> =>
          new Set(await lines(`systemctl is-active ${names.join(' ')} || true`));
        expect(await states()).toEqual(new Set(['inactive']));
        await run(CONFIGURE);
        await host.start('enable --now', ...names);
        const processes = (): Promise<string[]> =>
          lines(`systemctl show --property MainPID --value ${names.join(' ')}`);
        const before = await processes();
        expect(await run('ip -brief link')).toContain('6bed4');
        await run(install);
        const after = await processes();
        expect(after.filter((pid) => !before.includes(pid))).toHaveLength(names.length);
        expect(await states()).toEqual(new Set(['active']));
        await run('dpkg --no-triggers --purge 6bed4 >/dev/null 2>&1');
        expect(await run('ip -brief link')).not.toContain('6bed4');
        expect(await states()).toEqual(new Set(['inactive']));
      } finally {
        await host?.dispose();
        lab.dispose();
      }
    },
    PATIENCE,
  );
}, ['dpkg', 'dpkg-deb', 'lintian', 'man', 'systemctl']);
