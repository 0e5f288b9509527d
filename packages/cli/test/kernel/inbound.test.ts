import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { command, startPeer, startRouter } from '@6bed4/testing/kernel/daemons';
import { addressesOf } from '@6bed4/testing/kernel/interfaces';
import { ROUTER_IPV4 } from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { unanswered } from '@6bed4/testing/kernel/ping';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { shareInternet } from '@6bed4/testing/kernel/suites';
import { describe, expect, test } from 'vitest';

/** Seconds that a connection may take; a refusal comes at once. */
const PATIENCE = 4;
const SERVER =
  'require("net").createServer((socket)=>socket.end("hello")).listen(+process.argv[1],"::",()=>console.log("listening"))';
const UDP_SERVER =
  'const s=require("dgram").createSocket("udp6",(m,r)=>s.send("hello",r.port,r.address));s.bind(+process.argv[1],()=>console.log("listening"))';
const UDP_CLIENT =
  'const s=require("dgram").createSocket("udp6");s.on("message",(m)=>{console.log(String(m));process.exit()});' +
  's.on("error",(e)=>{console.log(e.code);process.exit()});s.connect(+process.argv[2],process.argv[1],()=>s.send("x"));setTimeout(()=>{console.log("silence");process.exit()},2000)';

describeKernel('what others reach of a computer', () => {
  let lab: Lab;
  shareInternet((built) => {
    lab = built;
    return startRouter(lab, 'router');
  });

  async function serve(label: string, code: string, ...ports: readonly number[]): Promise<void> {
    for (const port of ports) {
      const server = lab.spawn(label, [process.execPath, '-e', code, String(port)]);
      await server.waitForLine(/listening/);
    }
  }

  /** The reply of a TCP service, or the number with which curl tells that there was none. */
  async function fetched(from: string, address: string, port: number): Promise<string> {
    const url = `telnet://[${address}]:${port}`;
    const words = ['curl', '-s', '--max-time', String(PATIENCE), url];
    const { code, stdout } = await lab.exec(from, words, { mayFail: true });
    return stdout === '' ? String(code) : stdout;
  }

  async function asked(from: string, address: string, port: number): Promise<string> {
    const words = [process.execPath, '-e', UDP_CLIENT, address, String(port)];
    return (await lab.exec(from, words)).stdout.trim();
  }

  test('is limited by the rules of the guide, too', async () => {
    const guide = new URL('../../../../docs/guides/security.md', import.meta.url);
    const rules = [...readFileSync(guide, 'utf8').matchAll(/^ +(nft add .*)$/gm)];
    await serve('peer1', SERVER, 22, 80);
    const { address } = await startPeer(lab, 'peer1');
    await startPeer(lab, 'peer2');
    expect(await fetched('peer2', address, 80)).toBe('hello');
    for (const [, line] of rules) await lab.exec('peer1', ['sh', '-c', line!]);
    expect(await fetched('peer2', address, 80)).not.toBe('hello');
    expect(await fetched('peer2', address, 22)).toBe('hello');
    expect(await unanswered(lab, 'peer2', address, 1)).toEqual([]);
  });

  const tables = async (label: string): Promise<string> =>
    (await lab.exec(label, ['nft', 'list', 'tables'])).stdout.trim();

  test('is what it began, and the services that are named', async () => {
    await serve('peer1', SERVER, 22, 80);
    await serve('peer1', UDP_SERVER, 5061, 5353);
    await serve('peer2', SERVER, 80);
    const control = `${lab.folder}/guarded.sock`;
    const policy = 'tcp:22,udp:5060-5061';
    const guarded = await startPeer(lab, 'peer1', '--inbound', policy, '--control', control);
    const other = await startPeer(lab, 'peer2');
    expect(await guarded.daemon.waitForLine(/others reach/)).toContain('tcp:22,udp:5060-5061');
    const { address } = guarded;
    expect(await fetched('peer2', address, 22)).toBe('hello');
    // Told at once: permission denied, which is no timeout (28).
    expect(await fetched('peer2', address, 80)).toBe('7');
    expect(await asked('peer2', address, 5061)).toBe('hello');
    expect(await asked('peer2', address, 5353)).toMatch(/^(?:EACCES|silence)$/);
    expect(await unanswered(lab, 'peer2', address, 3)).toEqual([]);
    // Answers to what the computer itself begins.
    expect(await fetched('peer1', other.address, 80)).toBe('hello');
    // Other interfaces are no concern of it.
    expect(await fetched('peer1', '::1', 80)).toBe('hello');
    const status = await lab.exec('peer1', command('status', control, '--json'));
    expect(JSON.parse(status.stdout)).toMatchObject({ inbound: policy });

    await guarded.daemon.stop();
    expect(await tables('peer1')).toBe('');
  });

  test.each(['established', 'open'])(
    'is cleared of what a killed daemon left, by %s',
    async (next) => {
      await serve('peer1', SERVER, 80);
      const killed = await startPeer(lab, 'peer1', '--inbound', 'established');
      process.kill(killed.daemon.pid, 'SIGKILL');
      await killed.daemon.ended;
      expect(await tables('peer1')).toBe('table inet inbound-6bed4');
      const peer = await startPeer(lab, 'peer1', '--inbound', next);
      await startPeer(lab, 'peer2');
      expect(await tables('peer1')).toBe(next === 'open' ? '' : 'table inet inbound-6bed4');
      expect(await fetched('peer2', peer.address, 80)).toBe(next === 'open' ? 'hello' : '7');
      await peer.daemon.stop();
      expect(await tables('peer1')).toBe('');
    },
  );

  test('is told at the first start, where nothing limits it', async () => {
    await serve('peer1', SERVER, 22, 8080);
    await serve('peer1', UDP_SERVER, 5353);
    const peer = await startPeer(lab, 'peer1');
    const line = await peer.daemon.waitForLine(/everybody reaches/);
    expect(line).toContain('tcp 22, 8080; udp 5353');
    const quiet = await startPeer(lab, 'peer2');
    await sleep(200);
    expect(quiet.daemon.stdout.join('\n')).not.toContain('everybody reaches');
  });

  test('is told again only when it has changed since the last start', async () => {
    const told = async (...options: string[]): Promise<string[]> => {
      const words = command('peer', '--router', ROUTER_IPV4, ...options);
      const daemon = lab.spawn('peer1', words);
      // What is told comes before.
      await daemon.waitForLine(/^ready/, 30_000);
      await daemon.stop();
      return daemon.stdout.filter((line) => /reach/.test(line));
    };
    await serve('peer1', SERVER, 22);
    expect(await told()).toEqual([expect.stringMatching(/^everybody reaches.* tcp 22$/)]);
    expect(await told()).toEqual([]);
    await serve('peer1', SERVER, 8080);
    expect(await told()).toEqual([expect.stringContaining('tcp 22, 8080')]);
    const limited = await told('--inbound', 'tcp:22');
    expect(limited).toEqual([expect.stringMatching(/^others reach .*tcp:22$/)]);
    expect(await told()).toEqual([expect.stringContaining('tcp 22, 8080')]);
  }, 120_000);

  test('is limited also by a daemon that is not root', async () => {
    await serve('peer1', SERVER, 80);
    const capabilities = ['--inh-caps', '+net_admin', '--ambient-caps', '+net_admin'];
    const user = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
    const words = command(
      'peer',
      '--router',
      ROUTER_IPV4,
      '--inbound',
      'established',
      '--no-control',
    );
    // A device that others may open, as on most systems.
    const device = `${lab.folder}/tun`;
    const script = `mknod ${device} c 10 200 && chmod 666 ${device} && mount --bind ${device} /dev/net/tun && exec "$@"`;
    const before = ['unshare', '-m', 'sh', '-c', script, 'sh', 'setpriv', ...user, ...capabilities];
    const daemon = lab.spawn('peer1', [...before, ...words]);
    await daemon.waitForLine(/^ready/);
    await startPeer(lab, 'peer2');
    const [address] = await addressesOf(lab, 'peer1');
    expect(await fetched('peer2', address!.split('/')[0]!, 80)).toBe('7');
    await daemon.stop();
    expect(await tables('peer1')).toBe('');
  });

  describe('cannot be limited', () => {
    test('without nftables, so that nothing is started', async () => {
      const words = command('peer', '--router', ROUTER_IPV4, '--inbound', 'established');
      // Its own folders take the place of those with the program.
      const script = 'mount -t tmpfs none /usr/sbin && exec "$@"';
      const daemon = lab.spawn('peer1', ['unshare', '-m', 'sh', '-c', script, 'sh', ...words]);
      const { code, stderr } = await daemon.outcome();
      expect(code).toBe(1);
      expect(stderr).toMatch(/the program nft is missing \(package nftables\)/);
      const links = execFileSync('ip', ['-n', lab.nameOf('peer1'), '-o', 'link'], {
        encoding: 'utf8',
      });
      expect(links).not.toContain(': 6bed4:');
    });

    test('without an interface, or by what is no policy', async () => {
      for (const [option, message] of [
        [['--no-tun', '--inbound', 'established'], /inbound.*found established/],
        [['--inbound', 'tcp'], /--inbound: found "tcp"/],
        [['--inbound', 'tcp:0'], /--inbound: found "tcp:0"/],
        [['--inbound', 'tcp:9-8'], /--inbound: found "tcp:9-8"/],
      ] as const) {
        const daemon = lab.spawn('peer1', command('peer', '--router', ROUTER_IPV4, ...option));
        const { code, stderr } = await daemon.outcome();
        expect(code, String(option)).not.toBe(0);
        expect(stderr).toMatch(message);
      }
    });
  });
}, ['nft', 'curl', 'setpriv']);
