import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { memoryNetwork, startPeer, startRouter } from '../../src/index.js';

vi.mock('../../src/realTimers.js', () => import('../support/globalTimers.js'));

describe('a PeerDaemon whose router is silent', () => {
  beforeEach(() => {
    vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'],
    });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  test('reports that, goes on soliciting, and reports when the router answers again', async () => {
    const network = memoryNetwork();
    const peer = await startPeer({
      routers: '192.0.2.1',
      datagrams: network.bind('198.51.100.1'),
    });
    const reported: string[] = [];
    peer.on('router-unreachable', ({ router, attempts }) => {
      reported.push(`no answer from ${router.address} after ${attempts}`);
    });
    peer.on('router-reachable', ({ router }) => reported.push(`${router.address} answers`));
    peer.on('address', ({ prefix }) => reported.push(`address under ${prefix.slice(0, 20)}`));
    await vi.advanceTimersByTimeAsync(120_000);
    expect(reported).toEqual([expect.stringMatching(/^no answer from 192\.0\.2\.1 after \d+$/)]);

    const router = await startRouter({ datagrams: network.bind('192.0.2.1', 25790) });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(reported.slice(1).sort()).toEqual([
      '192.0.2.1 answers',
      'address under fc64:bed:c000:201:c4',
    ]);
    await peer.close();
    await router.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
