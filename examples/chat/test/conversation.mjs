/** A conversation of Alice and Bob on one machine, with a router on loopback. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRouter } from '@6bed4/node';
import { openSession } from '../session.mjs';

const home = await mkdtemp(join(tmpdir(), '6bed4-chat-'));
const photo = join(home, 'photo.raw');
await writeFile(photo, Buffer.alloc(40e6, 'Bob'));
const router = await startRouter({ listen: '127.0.0.1', port: 0 });

let seen = '';
function enter(name) {
  function write(text) {
    seen += text;
    process.stdout.write(`${name.padEnd(6)}│ ${text}`);
  }
  const files = { identity: join(home, `${name}.pem`), folder: join(home, name) };
  const settings = { router: router.endpoint, name, ...files, limit: 100 };
  return openSession(new PassThrough(), { write }, settings);
}
const people = { alice: await enter('alice'), bob: await enter('bob') };

/** The participant, the line typed, its result, and the milliseconds until the next line: 500 unless told. */
const script = [
  ['alice', `/call ${people.bob.card}`, /bob is online, path direct/],
  ['bob', `/call ${people.alice.card}`, /$/],
  ['alice', 'Hello Bob! I have a photo for you.', /Hello/],
  ['bob', 'Let me see.', /see/],
  ['alice', `/send ${photo}`, / [1-9]\d? %/, 0],
  ['bob', '/cancel', /Premature close/],
  ['bob', 'Sorry, wrong key. Once more?', /Sorry/],
  ['alice', `/send ${photo}`, /has it/],
  ['alice', '/quit', /offline/],
  ['bob', '/quit', /$/],
];
for (const [who, text, outcome, pause = 500] of script) {
  console.log(`${who.padEnd(6)}> ${text}`);
  seen = '';
  people[who].lines.emit('line', text);
  while (!outcome.test(seen)) await sleep(20);
  await sleep(pause);
}
await router.close();
await rm(home, { recursive: true });
