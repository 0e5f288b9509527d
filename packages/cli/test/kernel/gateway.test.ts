import { setTimeout as sleep } from 'node:timers/promises';
import { ping, unanswered } from '@6bed4/testing/kernel/ping';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { NAME, WebGateway } from './support/webGateway.js';

/** Milliseconds: a dead connection is noticed in 2.5 s, and another one comes about after half a second. */
const LONGEST_RETURN = 15_000;

describeKernel('a gateway behind nginx', () => {
  let web: WebGateway;
  beforeEach(async () => {
    web = await WebGateway.build();
  });
  afterEach(() => {
    web.examples.lab.dispose();
    web.dispose();
  });

  /** Waits until an address answers to a host. */
  const answers = async (label: string, address: string): Promise<void> => {
    const began = performance.now();
    while ((await ping(web.examples.lab, label, address)).result !== 'reply') {
      expect(performance.now() - began).toBeLessThan(LONGEST_RETURN);
      await sleep(200);
    }
  };

  test('survives a proxy that cuts connections after 30 s of silence, by its keepalives', async () => {
    const { examples } = web;
    await web.nginx(30);
    const gateway = await web.gateway(
      '--trust-proxy 127.0.0.1',
      `--control ${web.path('gw.sock')}`,
    );
    const peer = web.peer(`--router ${NAME} --uplink wss`);
    const address = await examples.addressOf(peer);
    await sleep(33_000);
    const { report } = await web.statusAt('router', 'gw.sock');
    expect(report.counters).toMatchObject({ connectionsAccepted: 1, connectionsFailed: {} });
    expect(report.clients).toEqual({ connected: 1, away: 0 });
    expect(await unanswered(examples.lab, 'router', address, 2)).toEqual([]);
    expect(gateway.running).toBe(true);
  }, 60_000);

  test('keeps the address of a peer whose connection is cut, and of one that moves to another network', async () => {
    const { examples } = web;
    const { lab } = examples;
    await web.nginx(3);
    // Too seldom for this proxy.
    await web.gateway('--trust-proxy 127.0.0.1 --keepalive 60', `--control ${web.path('gw.sock')}`);
    const peer = web.peer(`--router ${NAME} --uplink wss --keepalive 0`);
    const address = await examples.addressOf(peer);
    await peer.waitForLine(/lost the gateway/, 20_000);
    await answers('router', address);
    await lab.ip('laptop', 'addr del 192.0.2.2/24 dev eth0');
    await lab.ip('laptop', 'addr add 192.0.2.22/24 dev eth0');
    await answers('router', address);
    const { report } = await web.statusAt('router', 'gw.sock');
    // It may be cut just now.
    expect(report.clients.connected + report.clients.away).toBe(1);
    expect(report.counters.connectionsResumed).toBeGreaterThanOrEqual(2);
    expect(report.counters.connectionsResumed).toBe(report.counters.connectionsAccepted - 1);
    expect(peer.stdout.join('\n')).not.toContain('address changed');
  });

  test('wants a token where it has some', async () => {
    const { examples } = web;
    await web.nginx();
    await examples.output('router', `echo a.token > ${web.path('tokens')}`);
    await web.gateway('--trust-proxy 127.0.0.1', `--token-file ${web.path('tokens')}`);
    const refused = web.peer(`--router ${NAME} --uplink wss`);
    await refused.waitForLine(/a token is needed \(4401\); not trying again/);
    await refused.stop();
    const line = `--router ${NAME} --uplink wss --gateway-token-file ${web.path('tokens')}`;
    await examples.addressOf(web.peer(line));
  });
}, ['nginx', 'openssl']);
