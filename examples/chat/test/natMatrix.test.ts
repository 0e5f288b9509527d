import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accessPairs, type Internet } from '@6bed4/simulator';
import { simulate } from '@6bed4/simulator/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256Of, writeDocument } from './support/document.js';
import { meet, ROUTER, SimulatedChat } from './support/simulatedChat.js';

const SIZE = 200_000;
const seed = Number(process.env['SEED'] ?? 1);

let home: string;
let document: string;
let sha256: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), '6bed4-chat-matrix-'));
  document = join(home, 'report.pdf');
  sha256 = await writeDocument(document, SIZE);
});

afterAll(() => rm(home, { recursive: true }));

/** Lets both say goodbye. */
async function part(net: Internet, alice: SimulatedChat, bob: SimulatedChat): Promise<void> {
  alice.type('/quit');
  await bob.line(/^alice is offline/);
  bob.type('/quit');
  await net.sleep(1_000);
}

describe('two people chat over TLS, in virtual time, behind', () => {
  test.each(accessPairs())(
    '$name: $toSecond.path',
    async ({ first, second, toSecond, toFirst }) => {
      await simulate({ seed }, async (net) => {
        net.router('router', { address: ROUTER });
        const alice = await SimulatedChat.enter(
          net,
          'alice',
          { behind: first.build(net, 'left') },
          home,
        );
        const bob = await SimulatedChat.enter(
          net,
          'bob',
          { behind: second.build(net, 'right') },
          home,
        );
        await meet(alice, bob);
        bob.type('Good morning!');
        await alice.line(/^bob: Good morning!$/);
        alice.type('Good morning, Bob.');
        await bob.line(/^alice: Good morning, Bob\.$/);
        alice.type(`/send ${document}`);
        await alice.line(/^bob: \(has it, SHA-256 verified\)$/);
        expect(await sha256Of(join(bob.folder, 'report.pdf'))).toBe(sha256);

        const [shown, shownToBob] = [alice.output.length, bob.output.length];
        alice.type('/who');
        bob.type('/who');
        expect(await alice.line(/^bob is/, shown)).toContain(`online, path ${toSecond.path},`);
        expect(await bob.line(/^alice is/, shownToBob)).toContain(`online, path ${toFirst.path},`);
        await part(net, alice, bob);
      });
    },
  );
});

describe('a document that is on its way', () => {
  const link = { delay: 50 };
  const big = 1_000_000;

  test('arrives though the NAT of the sender is restarted and forgets everything', async () => {
    const path = join(home, 'big.pdf');
    const hash = await writeDocument(path, big);
    await simulate({ seed }, async (net) => {
      net.router('router', { address: ROUTER });
      const nat = net.nat('left');
      const alice = await SimulatedChat.enter(net, 'alice', { behind: nat, link }, home);
      const bob = await SimulatedChat.enter(net, 'bob', { behind: net.nat('right'), link }, home);
      await meet(alice, bob);
      alice.type(`/send ${path}`);
      await bob.line(/^big\.pdf .* [1-9]\d? % of/);
      expect(nat.mappings).not.toEqual([]);
      nat.reset();
      expect(nat.mappings).toEqual([]);
      await alice.line(/^bob: \(has it, SHA-256 verified\)$/);
      expect(await sha256Of(join(bob.folder, 'big.pdf'))).toBe(hash);
      await part(net, alice, bob);
    });
  });

  test('goes on where it stopped when the sender has another address and is called there', async () => {
    const path = join(home, 'moved.pdf');
    const hash = await writeDocument(path, big);
    await simulate({ seed }, async (net) => {
      net.router('router', { address: ROUTER });
      const nat = net.nat('left', { external: '192.0.2.10' });
      const alice = await SimulatedChat.enter(net, 'alice', { behind: nat, link }, home);
      const bob = await SimulatedChat.enter(net, 'bob', { behind: net.nat('right'), link }, home);
      await meet(alice, bob);
      alice.type(`/send ${path}`);
      await bob.line(/^moved\.pdf .* [1-9]\d? % of/);
      nat.rebind('192.0.2.11');
      const [, card] = /^you are (\S+) now$/.exec(await alice.line(/^you are .* now$/))!;
      expect(card).toContain('c000:20b');
      bob.type('/cancel');
      await bob.line(/^moved\.pdf: aborted/);
      const { size: kept } = await stat(join(bob.folder, `.${hash}.part`));
      expect(kept).toBeGreaterThan(0);
      expect(kept).toBeLessThan(big);

      const shown = bob.output.length;
      bob.type(`/call ${card}`);
      await bob.line(/^alice is online/, shown);
      alice.type(`/send ${path}`);
      await bob.line(new RegExp(`^moved\\.pdf .* ${Math.floor((kept / big) * 100)} % of`), shown);
      await alice.line(/^bob: \(has it, SHA-256 verified\)$/);
      expect(await sha256Of(join(bob.folder, 'moved.pdf'))).toBe(hash);
      await part(net, alice, bob);
    });
  });
});
