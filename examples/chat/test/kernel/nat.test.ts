import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { startRouter } from '@6bed4/testing/kernel/daemons';
import { ROUTER_IPV4 } from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { buildNatTopology, type NatTopology, type Side } from '@6bed4/testing/kernel/natTopology';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { afterEach, expect, test } from 'vitest';
import { ChatProcess } from '../support/chatProcess.js';
import { sha256Of, writeDocument } from '../support/document.js';

const SIZE = 8 << 20;

let lab: Lab | null = null;
let running: ChatProcess[] = [];

afterEach(async () => {
  await Promise.all(running.map((chat) => chat.stop('SIGKILL')));
  running = [];
  lab?.dispose();
  lab = null;
});

function start(lab: Lab, side: Side, name: string, ...more: string[]): ChatProcess {
  const files = ['--folder', join(lab.folder, name), '--identity', join(lab.folder, `${name}.pem`)];
  const options = ['--router', ROUTER_IPV4, '--name', name, ...files];
  // `ip` is replaced by the program, so that signals reach it.
  const chat = new ChatProcess([...options, ...more], ['ip', 'netns', 'exec', lab.nameOf(side)]);
  running.push(chat);
  return chat;
}

interface Case {
  readonly title: string;
  readonly place: NatTopology;
  readonly path: string;
}

const cases: readonly Case[] = [
  {
    title: 'each behind a masquerade of its own',
    place: { left: 'masquerade', right: 'masquerade' },
    path: 'direct',
  },
  {
    title: 'behind NATs that allow no direct path',
    place: { left: 'fully-random', right: 'fully-random' },
    path: 'relayed',
  },
  {
    // The search on the local network trusts everybody there, and is not asked for.
    title: 'on one LAN behind the same NAT',
    place: { shared: 'lan' },
    path: 'relayed',
  },
];

describeKernel('two chats in network namespaces', () => {
  test.each(cases)(
    'exchange messages and documents $title, on a path that is $path',
    async ({ place, path }) => {
      lab = await buildNatTopology(place);
      await startRouter(lab, 'router', '--no-tun');
      const alice = start(lab, 'left', 'alice');
      const bob = start(lab, 'right', 'bob', await alice.card());
      await bob.line(/^alice is online/);
      alice.type(`/call ${await bob.card()}`);
      bob.type('Good morning!');
      await alice.line(/^bob: Good morning!$/);
      alice.type('Good morning, Bob.');
      await bob.line(/^alice: Good morning, Bob\.$/);
      for (const chat of [alice, bob]) {
        await chat.line(new RegExp(`^(alice|bob) is online, path ${path}`));
      }

      const document = join(lab.folder, 'report.pdf');
      const sha256 = await writeDocument(document, SIZE);
      alice.type(`/send ${document}`);
      await bob.line(/^report\.pdf .* [1-9]\d? % of/);
      bob.type('/cancel');
      await bob.line(/^report\.pdf: aborted/);
      const { size: kept } = await stat(join(lab.folder, 'bob', `.${sha256}.part`));
      expect(kept).toBeLessThan(SIZE);
      const before = bob.output.length;
      alice.type(`/send ${document}`);
      const percentage = Math.floor((kept / SIZE) * 100);
      await bob.line(new RegExp(`^report\\.pdf .* ${percentage} % of`), before);
      await alice.line(/^bob: \(has it, SHA-256 verified\)$/);
      expect(await sha256Of(join(lab.folder, 'bob', 'report.pdf'))).toBe(sha256);

      // The path is still the same.
      const beforeWho = alice.output.length;
      alice.type('/who');
      await alice.line(new RegExp(`^bob is online, path ${path}`), beforeWho);
      alice.type('/quit');
      await bob.line(/^alice is offline/);
    },
  );
});
