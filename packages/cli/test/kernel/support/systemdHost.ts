import { execFile } from 'node:child_process';
import { join, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { COMMAND } from '@6bed4/testing/command';
import type { ExecOptions, Lab } from '@6bed4/testing/kernel/lab';
import { type Outcome, RunningProgram } from '@6bed4/testing/runningProgram';
import { expect } from 'vitest';

const REPOSITORY = fileURLToPath(new URL('../../../../..', import.meta.url));
/** Where units see the repository, which may be in a home or in /tmp, and both are hidden from them. */
export const MOUNTED = '/opt/repository';
/** Milliseconds in which systemd starts, on a slow machine. */
const PATIENCE = 30_000;
const POLL = 50;

/** Sees the control groups, wherever this computer has them, at $1, and goes to the one of this process. */
const SEE_GROUPS = `mkdir -p "$1"
mount -t cgroup2 cgroup2 "$1"
cd "$1$(sed -n s/^0::// /proc/self/cgroup)"`;

/**
 * Joins a control group $2 of its own, and goes on as the first process of a system that ends with this one. Groups of
 * test processes that were killed go first.
 */
const UNSHARE = `${SEE_GROUPS}
for each in $(ls -d 6bed4-* 2>/dev/null); do
  pid="\${each#6bed4-}"
  [ -e "/proc/\${pid%%-*}" ] || find "$each" -depth -type d -exec rmdir {} + || true
done
mkdir "$2"
echo $$ >"$2/cgroup.procs"
cd /
umount "$1"
shift 2
exec unshare --mount --pid --fork --kill-child --cgroup --uts --ipc sh -ec "$@"`;

/** Removes that group and those below, once their processes are gone. */
const REMOVE_GROUP = `${SEE_GROUPS}
for attempt in $(seq 100); do
  find "$2" -depth -type d -exec rmdir {} + && exit
  sleep 0.1
done
exit 1`;

/** Makes a copy of this computer's root at $1, and goes there: what changes is in memory, and seen in $1/upper. */
export const COPY_ROOT = `mkdir -p "$1"
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
cd "$1/root"
mount -t proc proc proc`;

/**
 * Makes the copy, and starts systemd there. $1 is the folder for it, $2 one that is the same inside, $3 the repository, $4 the
 * program of Node.js, $5 the name of the host, and $6 what /etc/hosts says besides. Devices are those that every system has, with
 * the permissions that they have there. Of what the computer starts, nothing is left but the journal.
 * Were it a root by chroot, its processes could have no user namespaces; were its mounts not shared, no credentials.
 */
const BOOT = `
read -r pid rest </proc/self/stat
hostname "$5"
${COPY_ROOT}
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
for each in run tmp lib/systemd/system-generators; do mount -t tmpfs tmpfs "$each"; done
mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/net dev/shm dev/pts
mknod -m 666 dev/net/tun c 10 200
for each in null zero full random urandom tty; do cp -a "/dev/$each" "dev/$each"; done
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mkdir -p ".$2" opt/repository
mount --bind "$2" ".$2"
mount --bind "$3" opt/repository
touch usr/local/bin/node
mount --bind "$4" usr/local/bin/node
printf '#!/bin/sh\\nexec /usr/local/bin/node ${join(MOUNTED, relative(REPOSITORY, COMMAND))} "$@"\\n' >usr/local/bin/6bed4
chmod +x usr/local/bin/6bed4
printf '127.0.0.1 localhost\\n%s\\n' "$6" >etc/hosts
: >etc/fstab
rm -rf etc/systemd/system/*.wants
for unit in $(ls lib/systemd/system/*.wants | grep -v : | sort -u); do
  [ "$unit" = systemd-journald.service ] || ln -sf /dev/null "etc/systemd/system/$unit"
done
printf '[Unit]\\nDescription=Nothing but what is started\\n' >etc/systemd/system/host.target
echo "process $pid"
export container=other
mkdir before
pivot_root . before
umount --lazy before
mount --make-rshared /
exec /lib/systemd/systemd --system --unit=host.target --show-status=no`;

/** Where a host sees the control groups of this computer while it starts. */
const groupsOf = (lab: Lab): string => join(lab.folder, 'groups');

/**
 * A host of a lab with systemd of its own: with the files of this computer, of which it changes a copy in memory, with the
 * built command in place of an installed one, and with processes that others do not see. It ends with the lab.
 */
export class SystemdHost {
  readonly #lab: Lab;
  readonly #label: string;
  readonly #system: RunningProgram;
  #pid = '';

  private constructor(lab: Lab, label: string, system: RunningProgram) {
    this.#lab = lab;
    this.#label = label;
    this.#system = system;
  }

  /**
   * Starts systemd on a host that has its interfaces, and waits until it has started.
   *
   * @param names - a line of /etc/hosts
   */
  static async boot(lab: Lab, label: string, names = ''): Promise<SystemdHost> {
    const name = lab.nameOf(label);
    const copy = join(lab.folder, 'copies', label);
    const values = [copy, lab.folder, resolve(REPOSITORY), process.execPath, label, names];
    const words = ['sh', '-ec', UNSHARE, 'sh', groupsOf(lab), name, BOOT, 'sh', ...values];
    const system = new RunningProgram(
      'nsenter',
      [`--net=/run/netns/${name}`, 'unshare', '--mount', ...words],
      `systemd on ${label}`,
    );
    const host = new SystemdHost(lab, label, system);
    const line = await system.waitForLine(/^process \d+$/, PATIENCE);
    host.#pid = line.split(' ')[1]!;
    await host.#untilStarted();
    return host;
  }

  async #untilStarted(): Promise<void> {
    for (const end = Date.now() + PATIENCE; ; await sleep(POLL)) {
      const { stdout } = await this.exec(['systemctl', 'is-system-running'], { mayFail: true });
      const isOver = Date.now() > end || !this.#system.running;
      if (stdout.trim() === 'running') return;
      if (isOver) expect({ state: stdout, said: this.#system.stderr }).toBe('running');
    }
  }

  /** The words that run a command there. */
  words(argv: readonly string[]): string[] {
    const spaces = ['--mount', '--pid', '--cgroup', '--uts', '--ipc', '--root', '--wd'];
    return ['nsenter', '--target', this.#pid, ...spaces, ...argv];
  }

  /** Runs a command there until it ends. */
  exec(argv: readonly string[], options: ExecOptions = {}): Promise<Outcome> {
    return this.#lab.exec(this.#label, this.words(argv), options);
  }

  /** Runs a script of a shell there, which ends with the first command that fails; its standard output. */
  async run(script: string, options: ExecOptions = {}): Promise<string> {
    return (await this.exec(['sh', '-ec', script], options)).stdout;
  }

  /**
   * Has systemctl start units.
   *
   * @param verb - such as `restart`
   * @throws Error with what the units have logged, if one does not start
   */
  async start(verb: string, ...units: string[]): Promise<void> {
    const logs = units.map((unit) => `--unit ${unit}`).join(' ');
    const failed = `{ journalctl --output cat ${logs}; exit 1; }`;
    await this.run(`systemctl ${verb} ${units.join(' ')} || ${failed}`);
  }

  /** Ends all of it, and what was outside the lab. */
  async dispose(): Promise<void> {
    if (this.#system.running) await this.#system.stop('SIGKILL');
    const lab = this.#lab;
    const values = [groupsOf(lab), lab.nameOf(this.#label)];
    const words = ['--mount', 'sh', '-ec', REMOVE_GROUP, 'sh', ...values];
    await promisify(execFile)('unshare', words);
  }
}
