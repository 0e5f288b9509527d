import { readFileSync } from 'node:fs';
import { boundsTable, CONTROL } from '@6bed4/testing/soak/bounds';
import { expect, test } from 'vitest';
import { Internet, natTypes } from '../src/index.js';

const guide = new URL('../../../docs/direct-paths.md', import.meta.url);
const START = '<!-- from the simulator: npm run guide in packages/simulator -->\n';
const BOUNDS =
  '<!-- from packages/testing/src/soak/bounds.ts: npm run guide in packages/simulator -->\n';
const END = '<!-- until here -->';

/** The guide, with something else between the first `start` and the end that follows. */
function withPart(start: string, part: string): string {
  const text = readFileSync(guide, 'utf8');
  const from = text.indexOf(start) + start.length;
  const to = text.indexOf(END, from);
  if (from < start.length || to < 0) throw new Error(`the guide has no place after ${start}`);
  return `${text.slice(0, from)}\n${part}\n\n${text.slice(to)}`;
}

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
  const shown = withPart(START, `\`\`\`mermaid\n${net.mermaid(options)}\n\`\`\``);
  await expect(shown).toMatchFileSnapshot(guide.pathname);
  expect(net.peers.map(({ machine }) => machine.remotes(net.now)[0]?.path)).toEqual([
    'direct',
    'direct',
  ]);
});

test('docs/direct-paths.md shows the bounds that soaks hold us to (npm run guide writes them anew)', async () => {
  const shown = withPart(BOUNDS, boundsTable());
  await expect(shown).toMatchFileSnapshot(guide.pathname);
  expect(shown.replace(/\s+/g, ' ')).toContain(
    `at most ${CONTROL.second} control packets in a second and ${CONTROL.minute} in a minute`,
  );
});
