import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type RouterDaemon, startRouter } from '@6bed4/node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ChatProcess } from './support/chatProcess.js';
import { sha256Of, writeDocument } from './support/document.js';

const SIZE = 24 << 20;

let home: string;
let router: RouterDaemon;
let running: ChatProcess[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), '6bed4-chat-test-'));
  router = await startRouter({ listen: '127.0.0.1', port: 0 });
});

afterEach(async () => {
  await Promise.all(running.map((chat) => chat.stop('SIGKILL')));
  running = [];
  await router.close();
  await rm(home, { recursive: true });
});

function start(name: string, ...more: string[]): ChatProcess {
  const { address, port } = router.endpoint;
  const own = ['--router', `${address}:${port}`, '--name', name, '--folder', join(home, name)];
  const identity = ['--identity', join(home, `${name}.pem`)];
  const chat = new ChatProcess([...own, ...identity, ...more]);
  running.push(chat);
  return chat;
}

/** Alice has called Bob, and Bob has called Alice back. */
async function acquaint(): Promise<[alice: ChatProcess, bob: ChatProcess]> {
  const bob = start('bob');
  const alice = start('alice', await bob.card());
  alice.type('Hello Bob!');
  const card = await alice.card();
  await bob.line(new RegExp(`^alice is online, not called yet, path \\w+, ${card}$`));
  bob.type(`/call ${card}`);
  await bob.line(/^alice: Hello Bob!$/);
  bob.type('Hello Alice, ça va? 🙂');
  await alice.line(/^bob: Hello Alice, ça va\? 🙂$/);
  return [alice, bob];
}

test('two processes greet each other, talk, find a direct path, and end', async () => {
  const [alice, bob] = await acquaint();
  await alice.line(/^bob is online, path direct/);
  alice.type('/quit');
  await bob.line(/^alice is offline/);
  bob.type('/quit');
  await Promise.all([alice.end(), bob.end()]);
  expect([alice.exitCode, bob.exitCode]).toEqual([0, 0]);
}, 40_000);

/** The percentage of received bytes in a line. */
const percentage = (line: string): number => Number(/ (\d+) % of/.exec(line)?.[1]);

test.each(['alice', 'bob'] as const)(
  'a document goes on where it stopped after %s was killed, and arrives unchanged',
  async (victim) => {
    const document = join(home, 'report.pdf');
    const sha256 = await writeDocument(document, SIZE);
    let [alice, bob] = await acquaint();
    alice.type(`/send ${document}`);
    await bob.line(/^report\.pdf .* [1-9]\d? % of/);

    if (victim === 'alice') {
      await alice.stop('SIGKILL');
      alice = start('alice');
      // The receiver does not wait for a sender that is gone.
      bob.type('/cancel');
      await bob.line(/^report\.pdf: aborted; sent again, it goes on where it stopped/);
    } else {
      await bob.stop('SIGKILL');
      bob = start('bob');
    }
    const { size: kept } = await stat(join(home, 'bob', `.${sha256}.part`));
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(SIZE);

    const before = bob.output.length;
    alice.type(`/call ${await bob.card()}`);
    bob.type(`/call ${await alice.card()}`);
    await alice.line(/^bob is online/);
    alice.type(`/send ${document}`);
    expect(percentage(await bob.line(/^report\.pdf .* % of/, before))).toBe(
      Math.floor((kept / SIZE) * 100),
    );
    const path = join(home, 'bob', 'report.pdf');
    await bob.line(new RegExp(`^report\\.pdf: SHA-256 verified, saved as ${path}$`), before);
    await alice.line(/^bob: \(has it, SHA-256 verified\)$/);
    expect(await sha256Of(path)).toBe(sha256);
    expect(await readdir(join(home, 'bob'))).toEqual(['report.pdf']);
  },
  60_000,
);

test('messages of those who were not called wait, and documents above the limit are refused', async () => {
  const document = join(home, 'large.bin');
  await writeDocument(document, 1_000_001);
  const bob = start('bob', '--limit', '1');
  const alice = start('alice', await bob.card());
  await alice.line(/^bob is online/);
  alice.type('It is me.');
  alice.type(`/send ${document}`);
  await bob.line(/^alice is online, not called yet/);
  await sleep(3_000);
  expect(bob.output.filter((line) => /It is me|large/.test(line))).toEqual([]);
  bob.type(`/call ${await alice.card()}`);
  await bob.line(/^alice: It is me\.$/);
  await bob.line(/^large\.bin: above 1000000 bytes/);
  await expect(readdir(join(home, 'bob'))).rejects.toThrow('ENOENT');
}, 40_000);

test('nothing is sent to who has another key than the one that was called', async () => {
  const bob = start('bob');
  const mallory = start('mallory');
  const [fingerprint] = (await bob.card()).split('@');
  const [, address] = (await mallory.card()).split('@');
  const alice = start('alice', `${fingerprint}@${address}`);
  mallory.type(`/call ${await alice.card()}`);
  await alice.line(/^mallory is online/);
  alice.type('Bob, this is secret.');
  await alice.line(/^mallory at \S+ has ANOTHER KEY; nothing was sent$/);
  expect(mallory.output.filter((line) => /secret/.test(line))).toEqual([]);
}, 40_000);

test('a participant keeps its key, which only its owner can read', async () => {
  const first = start('alice');
  const [before] = (await first.card()).split('@');
  await first.stop('SIGKILL');
  expect((await stat(join(home, 'alice.pem'))).mode & 0o777).toBe(0o600);
  const [after] = (await start('alice').card()).split('@');
  expect(after).toBe(before);
}, 40_000);

test('the chat shows an error for each command that fails, and goes on', async () => {
  const alice = start('alice');
  const card = await alice.card();
  const [fingerprint] = card.split('@');
  alice.type('Hello?');
  await alice.line(/^\/call FINGERPRINT@ADDRESS/);
  alice.type('/call 192.0.2.1');
  await alice.line(/^found no FINGERPRINT@ADDRESS$/);
  alice.type(`/call ${fingerprint}@192.0.2.1`);
  await alice.line(/^Invalid socket address$/);
  alice.type(`/call ${fingerprint!.startsWith('a') ? 'b' : 'a'}${fingerprint!.slice(1)}@::1`);
  await alice.line(/^fingerprint: .* expected one without a typing error$/);
  alice.type(`/call ${card}`);
  alice.type('/send /no/such/document');
  await alice.line(/ENOENT/);
  alice.type('x'.repeat(5000));
  await alice.line(/^\d+ bytes; 4000 fit$/);
  alice.type('/quit');
  await alice.end();
  expect(alice.exitCode).toBe(0);
}, 40_000);

test('the program shows that the router does not answer, and ends', async () => {
  const lonely = new ChatProcess([
    '--router',
    '127.0.0.1:9',
    '--identity',
    join(home, 'lonely.pem'),
  ]);
  running.push(lonely);
  await lonely.line(/no router gave an address within 15000 ms: 127\.0\.0\.1:9/, 0, 30_000);
  await lonely.end();
  expect(lonely.exitCode).toBe(1);
}, 40_000);

test('npm start plays a conversation of two participants on this machine', async () => {
  const conversation = new ChatProcess(
    [],
    [],
    fileURLToPath(new URL('./conversation.mjs', import.meta.url)),
  );
  running.push(conversation);
  await conversation.line(/^bob {3}│ photo\.raw: aborted/, 0, 30_000);
  await conversation.line(/^bob {3}│ photo\.raw: SHA-256 verified/, 0, 30_000);
  await conversation.line(/^bob {3}> \/quit/, 0, 30_000);
  await conversation.end();
  expect(conversation.exitCode).toBe(0);
}, 60_000);
