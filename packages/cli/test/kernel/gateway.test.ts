import { setTimeout as sleep } from 'node:timers/promises';
import { ping, unanswered } from '@6bed4/testing/kernel/ping';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Examples, ROUTER } from './support/examples.js';
import { NAME, WebGateway } from './support/webGateway.js';

/** Milliseconds: a dead connection is noticed in 2.5 s, and another one comes about after half a second. */
const LONGEST_RETURN = 15_000;

describeKernel('a gateway behind nginx', () => {
  let examples: Examples;
  let web: WebGateway;
  beforeEach(async () => {
    examples = new Examples();
    await examples.build();
    web = new WebGateway(examples);
    web.certify();
    web.name('laptop', 'other');
    await examples.daemon('router', `6bed4 router --listen ${ROUTER}`);
  });
  afterEach(() => {
    examples.lab.dispose();
    web.dispose();
  });

  /** The status of a daemon that was started with this control socket. */
  const statusAt = async (label: string, path: string) =>
    JSON.parse(await examples.output(label, `6bed4 status --json ${web.path(path)}`));

  /** Waits until an address answers to a host. */
  const answers = async (label: string, address: string): Promise<void> => {
    const began = performance.now();
    while ((await ping(examples.lab, label, address)).result !== 'reply') {
      expect(performance.now() - began).toBeLessThan(LONGEST_RETURN);
      await sleep(200);
    }
  };

  const startPeer = (line: string, control = 'laptop.sock'): RunningProgram =>
    examples.start(
      'laptop',
      `env ${web.trust} 6bed4 peer --verbose --control ${web.path(control)} ${line}`,
    );

  test('lets a peer in where UDP is blocked, with direct paths; and UDP is used again when it works', async () => {
    const { lab } = examples;
    await web.gateway('--trust-proxy 127.0.0.1');
    await web.nginx();
    await web.block('laptop');
    // Behind a NAT, like most.
    await lab.host('home');
    await lab.link(['other', 'lan', '10.0.1.1/24'], ['home', 'eth0', '10.0.1.2/24']);
    await lab.ip('home', 'route add default via 10.0.1.1');
    await lab.masquerade('other', 'eth0');
    const began = performance.now();
    const peer = startPeer(`--router ${NAME} --uplink auto`);
    const address = await examples.addressOf(peer);
    expect(performance.now() - began).toBeGreaterThan(3_000);
    // The address is one of the router, and contains the endpoint of the gateway.
    expect(address).toMatch(/^fc64:bed:c000:201:c000:201:[0-9a-f]+:1$/);
    const remote = await examples.addressOf(
      await examples.daemon(
        'home',
        `6bed4 peer --router ${ROUTER} --control ${web.path('home.sock')}`,
      ),
    );
    // And one on a public address.
    const neighbor = await examples.addressOf(
      await examples.daemon(
        'other',
        `6bed4 peer --router ${ROUTER} --control ${web.path('other.sock')}`,
      ),
    );
    expect(await unanswered(lab, 'laptop', neighbor, 3)).toEqual([]);
    expect(await unanswered(lab, 'laptop', remote, 3)).toEqual([]);
    expect(await unanswered(lab, 'home', address, 3)).toEqual([]);
    for (const [label, path] of [
      ['laptop', 'laptop.sock'],
      ['home', 'home.sock'],
      ['other', 'other.sock'],
    ] as const) {
      const { remotes } = await statusAt(label, path);
      const paths = remotes.map(({ path }: { path: string }) => path);
      expect(paths).toEqual(label === 'laptop' ? ['direct', 'direct'] : ['direct']);
    }
    const { gateway } = await statusAt('laptop', 'laptop.sock');
    expect(gateway).toBe(`wss://${NAME}/6bed4`);
    await web.block('laptop', false);
    await peer.waitForLine(/UDP works again/);
    const changed = await peer.waitForLine(/address changed/);
    const own = /peer[= ](\S+?)\//.exec(changed)![1]!;
    expect(own).toMatch(/^fc64:bed:c000:201:c000:202:/);
    expect(await unanswered(lab, 'home', own, 3)).toEqual([]);
  });

  test('survives a proxy that cuts silent connections, by its keepalives', async () => {
    await web.nginx(3);
    const gateway = await web.gateway(
      '--trust-proxy 127.0.0.1 --keepalive 1',
      `--control ${web.path('gw.sock')}`,
    );
    const peer = startPeer(`--router ${NAME} --uplink wss`);
    const address = await examples.addressOf(peer);
    await sleep(8_000);
    expect(await unanswered(examples.lab, 'router', address, 2)).toEqual([]);
    const line = `6bed4 status --json ${web.path('gw.sock')}`;
    const { report } = JSON.parse(await examples.output('router', line));
    expect(report.counters).toMatchObject({ connectionsAccepted: 1, connectionsFailed: {} });
    expect(gateway.running).toBe(true);
  });

  test('keeps the address of a peer whose connection is cut, and of one that moves to another network', async () => {
    const { lab } = examples;
    await web.nginx(3);
    // Too seldom for this proxy.
    await web.gateway('--trust-proxy 127.0.0.1 --keepalive 60', `--control ${web.path('gw.sock')}`);
    const peer = startPeer(`--router ${NAME} --uplink wss --keepalive 0`);
    const address = await examples.addressOf(peer);
    await peer.waitForLine(/lost the gateway/, 20_000);
    await answers('router', address);
    await lab.ip('laptop', 'addr del 192.0.2.2/24 dev eth0');
    await lab.ip('laptop', 'addr add 192.0.2.22/24 dev eth0');
    await answers('router', address);
    const line = `6bed4 status --json ${web.path('gw.sock')}`;
    const { report } = JSON.parse(await examples.output('router', line));
    // It may be cut just now.
    expect(report.clients.connected + report.clients.away).toBe(1);
    expect(report.counters.connectionsResumed).toBeGreaterThanOrEqual(2);
    expect(report.counters.connectionsResumed).toBe(report.counters.connectionsAccepted - 1);
    expect(peer.stdout.join('\n')).not.toContain('address changed');
  });

  test('wants a token where it has some', async () => {
    await web.nginx();
    await examples.output('router', `echo a.token > ${web.path('tokens')}`);
    await web.gateway('--trust-proxy 127.0.0.1', `--token-file ${web.path('tokens')}`);
    const refused = startPeer(`--router ${NAME} --uplink wss`);
    await refused.waitForLine(/a token is needed \(4401\); not trying again/);
    await refused.stop();
    const line = `--router ${NAME} --uplink wss --gateway-token-file ${web.path('tokens')}`;
    await examples.addressOf(startPeer(line));
  });
}, ['nginx', 'openssl']);
