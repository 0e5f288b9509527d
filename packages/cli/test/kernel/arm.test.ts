import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ArmMachine, armMachines, REQUIRES_ARM } from '@6bed4/testing/armMachines';
import { startPeer, startRouter } from '@6bed4/testing/kernel/daemons';
import { addressesOf, interfacesOf, routesOf, TUN } from '@6bed4/testing/kernel/interfaces';
import { buildInternet, ROUTER_ADDRESS, ROUTER_IPV4 } from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { countReplies, unanswered } from '@6bed4/testing/kernel/ping';
import { program } from '@6bed4/testing/kernel/programs';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { packPackages } from '../../../../scripts/pack.mjs';
import { messageLayout } from '../../../node/src/drivers/kernel/messageLayout.js';

const TRANSFER = 10_000_000;
/** Milliseconds of a test, and until an emulated daemon is ready. */
const PATIENCE = 180_000;
const START = 60_000;

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const examples = path('../../../../examples');

/** What the emulator does not pass on to the kernel: a peer says so, and goes on without. */
const REFUSED_BY_EMULATOR = /^(?:rule \d+ from [0-9a-f:]+\/\d+|label of [0-9a-f:]+\/\d+)$/;

/** The packed packages in a folder, installed for a machine without asking a registry. */
class Installation {
  readonly folder = mkdtempSync(join(tmpdir(), '6bed4-arm-'));
  readonly #node: string;

  constructor({ node, modules, arch }: ArmMachine, archives: readonly string[]) {
    this.#node = node!;
    cpSync(modules, this.folder, { recursive: true });
    const options = ['--offline', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
    const platform = ['--os=linux', `--cpu=${arch}`, '--libc=glibc'];
    execFileSync('npm', ['install', ...options, ...platform, ...archives], { cwd: this.folder });
    for (const name of ['hello', 'demo']) {
      cpSync(join(examples, name, `${name}.mjs`), join(this.folder, `${name}.mjs`));
    }
    cpSync(path('programs/layouts.mjs'), join(this.folder, 'layouts.mjs'));
  }

  /** Runs Node.js of the machine to its end; what it writes to standard output. */
  run(...args: readonly string[]): string {
    return execFileSync(this.#node, args, {
      cwd: this.folder,
      encoding: 'utf8',
      timeout: PATIENCE,
    });
  }

  /** Command line of the command `6bed4`. */
  command(...args: readonly string[]): string[] {
    const file = join(this.folder, 'node_modules/6bed4/bin/6bed4.js');
    return [this.#node, file, ...args, '--driver', 'linux', '--verbose'];
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Expects the Linux driver with all that it can do. */
async function expectAllOffloads(daemon: RunningProgram): Promise<void> {
  const offloads = ['udp-send', 'udp-receive', 'tun-tcp', 'tun-udp'].map((name) => `${name} on`);
  const line = await daemon.waitForLine(/^driver/);
  expect(line).toBe(`driver  driver linux  workers 1  ${offloads.join('  ')}`);
}

/** Expects that what an interface is without, as `ready` tells, is nothing but what the emulator refuses. */
function expectRoutes(ready: string): void {
  const [, lacks] = / {2}without (.+)$/.exec(ready)!;
  for (const part of lacks!.split(', ')) expect(part).toMatch(REFUSED_BY_EMULATOR);
}

describeKernel('the packed packages', () => {
  let folder: string;
  let archives: string[];
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), '6bed4-packed-'));
    archives = Object.values(packPackages(folder));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  for (const machine of armMachines) {
    const { arch, version, node } = machine;
    const title = `with Node.js ${version} on emulated ${arch}`;
    if (node === null) {
      describe(title, () => {
        test.runIf(REQUIRES_ARM)('have what they need (run "npm run arm")', () => {
          throw new Error(`${arch} is required, and missing: run "npm run arm"`);
        });
      });
      continue;
    }
    describe(title, () => onMachine(machine));
  }

  function onMachine(machine: ArmMachine): void {
    let installed: Installation;
    let lab: Lab;
    beforeAll(() => {
      installed = new Installation(machine, archives);
    });
    afterAll(() => installed?.remove());
    beforeEach(async () => {
      lab = await buildInternet();
    });
    afterEach(() => lab.dispose());

    /** Carries bytes from one host to another over TCP, and compares what arrives. */
    async function transfer(from: string, to: string, address: string): Promise<void> {
      const receiver = lab.spawn(to, program('tcpReceiver', 5001));
      await receiver.waitForLine(/listening/);
      const sender = program('tcpSender', address, 5001, TRANSFER);
      const sent = await lab.exec(from, sender, { timeout: START });
      expect(JSON.parse(sent.stdout).bytes).toBe(TRANSFER);
      expect(JSON.parse(await receiver.waitForLine(/sha256/))).toEqual(JSON.parse(sent.stdout));
      await receiver.ended;
    }

    test('run the examples', { timeout: PATIENCE }, () => {
      expect(installed.run('-p', 'process.arch + process.version')).toBe(
        `${machine.arch}v${machine.version}\n`,
      );
      expect(installed.run('hello.mjs')).toMatch(/^fc64:bed:[0-9a-f:]+ says "hello, IPv6"\n$/);
      const demo = installed.run('demo.mjs');
      expect(demo.match(/ answered by /g)).toHaveLength(7);
      expect(demo.match(/ heard “/g)).toHaveLength(3);
      expect(demo).toContain('dropped 0;');
    });

    test('are loaded by require and import', { timeout: PATIENCE }, () => {
      const names = ['codec', 'nd', 'tcp', 'tunnel', 'node'].map((name) => `@6bed4/${name}`);
      const code = `
        const names = ${JSON.stringify(names)};
        Promise.all(names.map((name) => import(name))).then((modules) => {
          const exported = modules.map((one) => Object.keys(one).filter((name) => name !== 'default' && name !== 'module.exports'));
          const required = names.map((name) => Object.keys(require(name)));
          console.log(JSON.stringify([exported, required].map((all) => all.map((one) => one.sort()))));
        });`;
      const [imported, required] = JSON.parse(installed.run('--input-type=commonjs', '-e', code));
      expect(imported).toEqual(required);
      for (const each of imported) expect(each.length).toBeGreaterThan(5);
    });

    test('know the layouts of structures', { timeout: PATIENCE }, () => {
      const found = JSON.parse(installed.run('layouts.mjs'));
      const layout = messageLayout(found.long);
      expect(found.pointer).toBe(found.long);
      expect(found.long).toBe(machine.arch === 'arm' ? 4 : 8);
      const { name, nameLength, vectors, vectorCount, control, controlLength, flags } = layout;
      expect(found.msghdr).toMatchObject({
        ...{ msg_name: name, msg_namelen: nameLength, msg_iov: vectors, msg_iovlen: vectorCount },
        ...{ msg_control: control, msg_controllen: controlLength, msg_flags: flags },
      });
      expect(found.mmsghdr).toEqual({
        ...{ size: layout.messageSize, msg_hdr: 0, msg_len: layout.length },
      });
      expect(found.iovec).toEqual({
        ...{ size: layout.vectorSize, iov_base: 0, iov_len: layout.vectorLength },
      });
      expect(found.cmsghdr).toEqual({
        ...{ size: layout.controlData, cmsg_len: 0 },
        ...{ cmsg_level: layout.controlLevel, cmsg_type: layout.controlType },
      });
      expect(found.pollfd).toEqual({ size: 8, fd: 0, events: 4, revents: 6 });
    });

    test('run a peer with an interface next to a router and a peer that are not emulated', {
      timeout: PATIENCE,
    }, async () => {
      await startRouter(lab, 'router');
      const other = await startPeer(lab, 'peer2');
      const peer = lab.spawn('peer1', installed.command('peer', '--router', ROUTER_IPV4));
      expectRoutes(await peer.waitForLine(/^ready/, START));
      await expectAllOffloads(peer);
      const routes = await routesOf(lab, 'peer1');
      for (const prefix of ['fc64::/16', '2001:64::/32']) expect(routes).toContain(prefix);
      const [address] = (await addressesOf(lab, 'peer1'))[0]!.split('/');
      expect(await unanswered(lab, 'peer1', ROUTER_ADDRESS, 2)).toEqual([]);
      expect(await unanswered(lab, 'peer1', other.address, 2)).toEqual([]);
      expect(await unanswered(lab, 'peer2', address!, 2)).toEqual([]);
      await countReplies(lab, 'peer1', other.address, 3);
      await peer.waitForLine(/^path direct/, START);
      await transfer('peer1', 'peer2', other.address);
      await transfer('peer2', 'peer1', address!);
      expect(await peer.stop('SIGTERM', START)).toEqual({ code: 0, signal: null });
      expect(peer.stderr).toEqual([]);
      expect(await interfacesOf(lab, 'peer1')).not.toContain(TUN);
    });

    test('run a router with an interface for a peer that is not emulated', {
      timeout: PATIENCE,
    }, async () => {
      const router = lab.spawn('router', installed.command('router', '--listen', ROUTER_IPV4));
      expectRoutes(await router.waitForLine(/^ready/, START));
      await expectAllOffloads(router);
      const peer = await startPeer(lab, 'peer1');
      expect(await unanswered(lab, 'peer1', ROUTER_ADDRESS, 2)).toEqual([]);
      await transfer('peer1', 'router', ROUTER_ADDRESS);
      await transfer('router', 'peer1', peer.address);
      expect(await router.stop('SIGTERM', START)).toEqual({ code: 0, signal: null });
      expect(router.stderr).toEqual([]);
    });
  }
});
