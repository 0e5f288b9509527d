import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Internet, natTypes } from '../src/index.js';

const guide = new URL('../../../docs/direct-paths.md', import.meta.url);
const START = '<!-- from the simulator: npm run guide in packages/simulator -->\n';
const END = '<!-- until here -->';

/** Alice pings Bob three times, each behind a home NAT. */
function simulate(): Internet {
  const net = new Internet({ seed: 1, trace: true });
  net.router('router', { address: '198.51.100.1' });
  const [alice, bob] = ['alice', 'bob'].map((name, index) => {
    const external = `192.0.2.${index + 1}0`;
    const home = net.nat(`${name}'s NAT`, { external, ...natTypes.portRestrictedCone });
    return net.peer(name, { behind: home, link: { delay: 10 } });
  });
  net.run(1_000);
  for (let count = 0; count < 3; count++) {
    alice!.ping(bob!.address!);
    net.run(300);
  }
  return net;
}

test('docs/direct-paths.md shows the datagrams of this simulation (npm run guide writes them anew)', async () => {
  const net = simulate();
  const nodes = ['alice', 'core', 'router', 'bob'];
  const options = { nodes, from: 1_000 };
  const text = readFileSync(guide, 'utf8');
  const [before, rest] = text.split(START);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error('the guide has no place for the diagram');
  const shown = `${before}${START}\n\`\`\`mermaid\n${net.mermaid(options)}\n\`\`\`\n\n${END}${after}`;
  await expect(shown).toMatchFileSnapshot(guide.pathname);
  expect(net.peers.map(({ machine }) => machine.remotes(net.now)[0]?.path)).toEqual([
    'direct',
    'direct',
  ]);
});
