/** Alice and Bob on one machine, with a router on loopback: what they type, and what they see. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRouter } from '@6bed4/node';
import { openSession } from './session.mjs';

const home = await mkdtemp(join(tmpdir(), '6bed4-chat-'));
const photo = join(home, 'photo.raw');
await writeFile(photo, Buffer.alloc(20e6, 'Bob'));
const router = await startRouter({ listen: '127.0.0.1', port: 0 });

function enter(name) {
  const output = { write: (text) => process.stdout.write(`${name.padEnd(6)}│ ${text}`) };
  const settings = { routers: router.endpoint, name, folder: join(home, name), limit: 100e6 };
  return openSession(new PassThrough(), output, settings);
}
const people = { alice: await enter('alice'), bob: await enter('bob') };

const script = `
1 alice /call ${people.bob.address}
1 alice Hello Bob! I have a photo for you.
1 bob   Let me see.
1 alice /send ${photo}
1 bob   /cancel
1 bob   Sorry, wrong key. Once more?
9 alice /send ${photo}
1 alice /quit
0 bob   /quit`;
for (const [, seconds, who, text] of script.matchAll(/(\d) (\w+) +(.*)/g)) {
  console.log(`${who.padEnd(6)}> ${text}`);
  people[who].lines.emit('line', text);
  await sleep(seconds * 1_000);
}
await router.close();
await rm(home, { recursive: true });
