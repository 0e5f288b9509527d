import {
  buildInternet,
  command,
  interfacesOf,
  PORT,
  ROUTER_IPV4,
  startPeer,
  startRouter,
  TUN,
} from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { program } from '@6bed4/testing/kernel/programs';
import { COMMAND, describeKernel } from '@6bed4/testing/kernel/requirements';
import { afterEach, beforeEach, expect, it } from 'vitest';

const ROUTER = command('router', '--listen', ROUTER_IPV4);
const PEER = command('peer', '--router', ROUTER_IPV4);

describeKernel('a daemon that cannot start', () => {
  let lab: Lab;

  beforeEach(async () => {
    lab = await buildInternet();
  });

  afterEach(() => lab.dispose());

  /**
   * Expects the end with one line on standard error that matches, nothing on standard output, and
   * the same interfaces as before.
   */
  async function expectRefusal(
    label: string,
    argv: readonly string[],
    line: RegExp,
    code: number | null = null,
  ): Promise<void> {
    const before = await interfacesOf(lab, label);
    const outcome = await lab.exec(label, argv, { mayFail: true, timeout: 8_000 });
    expect(outcome.stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(line)]);
    expect(outcome.stdout).toBe('');
    if (code === null) expect(outcome.code).toBeGreaterThan(0);
    else expect(outcome.code).toBe(code);
    expect(await interfacesOf(lab, label)).toEqual(before);
  }

  it('says which port is in use', async () => {
    const holder = lab.spawn('router', program('udpHolder', ROUTER_IPV4, PORT));
    await holder.waitForLine(/holding/);
    await expectRefusal('router', ROUTER, /25790.*in use/i);
    const other = lab.spawn('peer1', program('udpHolder', '0.0.0.0', 40000));
    await other.waitForLine(/holding/);
    await expectRefusal('peer1', [...PEER, '--port', '40000'], /40000.*in use/i);
  });

  it('says which address is not local', async () => {
    const argv = command('router', '--listen', '203.0.113.9');
    await expectRefusal('router', argv, /203\.0\.113\.9/);
    await expectRefusal('peer1', [...PEER, '--listen', '203.0.113.9'], /203\.0\.113\.9/);
  });

  it('says that there is no route to the router', async () => {
    const argv = command('peer', '--router', '203.0.113.9');
    await expectRefusal('peer1', argv, /203\.0\.113\.9/);
  });

  it('says that the name of the interface is taken', async () => {
    await startRouter(lab, 'router');
    await startPeer(lab, 'peer1');
    await expectRefusal('peer1', PEER, new RegExp(TUN));
    const argv = command('router', '--listen', ROUTER_IPV4, '--port', '40000');
    await expectRefusal('router', argv, new RegExp(TUN));
  });

  it('says that a name belongs to an interface of another kind', async () => {
    await expectRefusal('peer1', [...PEER, '--tun', 'eth0'], /eth0/);
  });

  it.each([
    ['2001:db8::/56', /56/],
    ['2001:db8::1/64', /2001:db8::1/],
    ['fc64::', /fc64::/],
  ])('says what is wrong with the prefix %s', async (prefix, line) => {
    await expectRefusal('router', [...ROUTER, '--prefix', prefix], line, 2);
  });

  it.each([
    [['router'], /--listen/],
    [['router', '--listen', 'router.example'], /router\.example/],
    [['router', '--listen', ROUTER_IPV4, '--port', '70000'], /70000/],
    [['router', '--listen', ROUTER_IPV4, '--netid', 'xyz'], /xyz/],
    [['router', '--listen', ROUTER_IPV4, '--route', '2001:db8::/129'], /129/],
    [['peer'], /--router/],
    [['peer', '--router', '198.51.100.1:0'], /198\.51\.100\.1:0|port/],
    [['peer', '--router', ROUTER_IPV4, '--keepalive', 'often'], /often/],
    [['peer', '--router', ROUTER_IPV4, '--dialect', 'draft99'], /draft99/],
    [['peer', '--router', ROUTER_IPV4, '--tun', 'a-name-beyond-15-characters'], /beyond-15/],
    [['peer', '--router', ROUTER_IPV4, '--frobnicate'], /--frobnicate/],
    [['dance'], /dance/],
  ])('says what is wrong with %j', async (args, line) => {
    await expectRefusal('peer1', command(...args), line, 2);
  });

  it('says that /dev/net/tun is missing', async () => {
    const script = 'mount -t tmpfs none /dev/net && exec "$@"';
    const hidden = ['unshare', '--mount', 'sh', '-c', script, 'sh'];
    await expectRefusal('router', [...hidden, ...ROUTER], /\/dev\/net\/tun/);
    await startRouter(lab, 'router');
    await expectRefusal('peer1', [...hidden, ...PEER], /\/dev\/net\/tun/);
  });

  it('says that it needs root for an interface', async () => {
    const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
    const readable = await lab.exec('peer1', [...nobody, 'test', '-r', COMMAND], { mayFail: true });
    expect(readable.code, `${COMMAND} has to be readable for everyone`).toBe(0);
    await startRouter(lab, 'router');
    await expectRefusal('peer1', [...nobody, ...PEER], /root|CAP_NET_ADMIN/);
    await expectRefusal(
      'peer2',
      [...nobody, ...command('router', '--listen', '198.51.100.3')],
      /root|CAP_NET_ADMIN/,
    );
  });
});
