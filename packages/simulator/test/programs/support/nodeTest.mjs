/** Tests for `node --test`, which the tests of this package run; those with "fails" in their titles do. */
import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { openTunnel } from '@6bed4/node';
import { accessKinds, accessPairs } from '@6bed4/simulator';
import { simulate } from '@6bed4/simulator/node';

const ROUTER = '198.51.100.1';
const kinds = accessKinds.filter(({ name }) => ['none', 'EI/APD', 'APD/APD'].includes(name));

for (const { name, first, second, toSecond } of accessPairs(kinds)) {
  test(`works: ${name}`, () =>
    simulate({ seed: 1 }, async (net) => {
      net.router('router', { address: ROUTER });
      const enter = (kind, host) => {
        const { environment } = net.host(host, { behind: kind.build(net, `access of ${host}`) });
        return openTunnel({ routers: ROUTER, environment });
      };
      const [alice, bob] = [await enter(first, 'alice'), await enter(second, 'bob')];
      const path = await alice.waitForDirect(bob.address).then(
        (found) => found.path,
        () => 'relayed',
      );
      equal(path, toSecond.path);
      await Promise.all([alice.close(), bob.close()]);
    }));
}

test('fails and says how to run it again', () =>
  simulate({ seed: 77 }, async (net) => {
    await net.sleep(5);
    equal(1, 2);
  }));
