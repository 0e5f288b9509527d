import { command, startPeer, startRouter } from '@6bed4/testing/kernel/daemons';
import { ROUTER_IPV4 } from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { buildNatTopology, type NatTopology } from '@6bed4/testing/kernel/natTopology';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { afterEach, expect, test } from 'vitest';

interface Reply {
  readonly sent: string;
  readonly received: string | null;
  readonly reason: string | null;
}

describeKernel('6bed4 ping', () => {
  let lab: Lab;
  afterEach(() => lab.dispose());

  /** Pings from the left; the replies and the exit code. */
  async function ping(
    address: string,
    ...options: readonly string[]
  ): Promise<{ code: number | null; replies: readonly Reply[] }> {
    const words = ['ping', address, '--router', ROUTER_IPV4, '--json', ...options];
    const { code, stdout } = await lab.spawn('left', command(...words)).outcome();
    const lines = stdout.trim().split('\n');
    return { code, replies: lines.map((line) => JSON.parse(line) as Reply) };
  }

  async function remoteBehind(topology: NatTopology): Promise<string> {
    lab = await buildNatTopology(topology);
    await startRouter(lab, 'router');
    return (await startPeer(lab, 'right')).address;
  }

  test('tells that replies come directly through NATs that allow it', async () => {
    const address = await remoteBehind({ left: 'masquerade', right: 'masquerade' });
    const { code, replies } = await ping(address, '--until-direct', '--count', '10');
    expect(code).toBe(0);
    expect(replies[0]).toMatchObject({ sent: 'relayed', reason: 'searching' });
    expect(replies.at(-1)).toMatchObject({ sent: 'direct', received: 'direct', reason: null });
  });

  test('tells why they do not, where a NAT maps each remote to another port', async () => {
    const address = await remoteBehind({ left: 'fully-random', right: 'masquerade' });
    const { code, replies } = await ping(address, '--until-direct', '--count', '4');
    expect(code).toBe(1);
    const relayed = { sent: 'relayed', received: 'relayed' };
    expect(replies).toMatchObject([relayed, relayed, relayed, relayed]);
    expect(replies.at(-1)).toMatchObject({ reason: 'unanswered' });
  });

  test('tells that the address of a router has no direct path, and of silence by exit code 1', async () => {
    const address = await remoteBehind({ left: 'none', right: 'none' });
    const router = `${address.split(':').slice(0, 4).join(':')}:c433:6401:64be:8000`;
    const answered = await ping(router, '--count', '1');
    expect(answered).toMatchObject({ code: 0, replies: [{ received: 'relayed' }] });
    const nobody = address.replace(/:8001$/, ':8005');
    const silent = await ping(nobody, '--count', '1');
    expect(silent).toMatchObject({ code: 1, replies: [{ received: null }] });
  });
});
