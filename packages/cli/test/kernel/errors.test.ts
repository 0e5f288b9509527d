import { COMMAND } from '@6bed4/testing/command';
import { command, PORT, startPeer, startRouter } from '@6bed4/testing/kernel/daemons';
import { interfacesOf, TUN } from '@6bed4/testing/kernel/interfaces';
import { ROUTER_IPV4 } from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { program } from '@6bed4/testing/kernel/programs';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { useInternet } from '@6bed4/testing/kernel/suites';
import { expect, test } from 'vitest';

const ROUTER = command('router', '--listen', ROUTER_IPV4);
const PEER = command('peer', '--router', ROUTER_IPV4);

describeKernel('a daemon that cannot start', () => {
  let lab: Lab;
  useInternet((built) => {
    lab = built;
  });

  /**
   * Expects the end with lines on standard error that match, one unless told otherwise, nothing on standard output,
   * and the same interfaces as before.
   */
  async function expectRefusal(
    label: string,
    argv: readonly string[],
    lines: RegExp | readonly RegExp[],
    code: number | null = null,
  ): Promise<void> {
    const before = await interfacesOf(lab, label);
    const outcome = await lab.exec(label, argv, { mayFail: true, timeout: 8_000 });
    const expected = [lines].flat().map((line) => expect.stringMatching(line));
    expect(outcome.stderr.trimEnd().split('\n')).toEqual(expected);
    expect(outcome.stdout).toBe('');
    if (code === null) expect(outcome.code).toBeGreaterThan(0);
    else expect(outcome.code).toBe(code);
    expect(await interfacesOf(lab, label)).toEqual(before);
  }

  test('reports which port is in use', async () => {
    const holder = lab.spawn('router', program('udpHolder', ROUTER_IPV4, PORT));
    await holder.waitForLine(/holding/);
    await expectRefusal('router', ROUTER, /25790.*in use/i);
    const other = lab.spawn('peer1', program('udpHolder', '0.0.0.0', 40000));
    await other.waitForLine(/holding/);
    await expectRefusal('peer1', [...PEER, '--port', '40000'], /40000.*in use/i);
  });

  test('reports which address is not local', async () => {
    const argv = command('router', '--listen', '203.0.113.9');
    await expectRefusal('router', argv, /203\.0\.113\.9/);
    await expectRefusal('peer1', [...PEER, '--listen', '203.0.113.9'], /203\.0\.113\.9/);
  });

  test('reports that there never can be a route to the router', async () => {
    const argv = command('peer', '--router', ROUTER_IPV4, '--listen', '127.0.0.1');
    await expectRefusal('peer1', argv, /no route to the router 198\.51\.100\.1/);
  });

  test('reports that the name of the interface is taken', async () => {
    const router = await startRouter(lab, 'router');
    const { daemon } = await startPeer(lab, 'peer1');
    const advice = ({ pid }: typeof router) =>
      new RegExp(`^"6bed4 status .*" tells more; end it by "kill ${pid}", or .* another --tun`);
    await expectRefusal('peer1', PEER, [new RegExp(`${TUN} is in use`), advice(daemon)]);
    const argv = command('router', '--listen', ROUTER_IPV4, '--port', '40000');
    await expectRefusal('router', argv, [new RegExp(`${TUN} is in use`), advice(router)]);
  });

  test('reports that a name belongs to an interface of another kind', async () => {
    await expectRefusal('peer1', [...PEER, '--tun', 'eth0'], /eth0/);
  });

  test.each([
    ['2001:db8::/56', /56/],
    ['2001:db8::1/64', /2001:db8::1/],
    ['fc64::', /fc64::/],
  ])('reports the fault of the prefix %s', async (prefix, line) => {
    await expectRefusal('router', [...ROUTER, '--prefix', prefix], line, 2);
  });

  test.each([
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
  ])('reports the fault of %j', async (args, line) => {
    await expectRefusal('peer1', command(...args), line, 2);
  });

  test('reports that /dev/net/tun is missing', async () => {
    const script = 'mount -t tmpfs none /dev/net && exec "$@"';
    const hidden = ['unshare', '--mount', 'sh', '-c', script, 'sh'];
    await expectRefusal('router', [...hidden, ...ROUTER], /\/dev\/net\/tun/);
    await startRouter(lab, 'router');
    await expectRefusal('peer1', [...hidden, ...PEER], /\/dev\/net\/tun/);
  });

  test('reports that an interface needs root', async () => {
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
