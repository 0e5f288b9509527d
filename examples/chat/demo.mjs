/** Alice and Bob on one machine, with a router on loopback: what they type, and what they see. */
import { randomFillSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRouter } from '@6bed4/node';
import { participate } from './participant.mjs';

const folder = await mkdtemp(join(tmpdir(), '6bed4-chat-'));
const photo = join(folder, 'photo.raw');
await writeFile(photo, randomFillSync(Buffer.alloc(40e6)));
const router = await startRouter({ listen: '127.0.0.1', port: 0 });
function enter(name) {
  const show = (text) => text && console.log(`${name.padEnd(5)} │ ${text}`);
  const options = { routers: router.endpoint, name, folder: join(folder, name), limit: 100e6 };
  return participate({ show, draw: show }, options);
}
const [alice, bob] = [await enter('alice'), await enter('bob')];
const script = [
  [alice, `/call ${bob.address}`, 1],
  [alice, 'Hello Bob! I have a photo for you.', 1],
  [bob, 'Let me see.', 1],
  [alice, `/send ${photo}`, 0.7],
  [bob, '/cancel', 1],
  [bob, 'Sorry, wrong key. Once more?', 1],
  [alice, `/send ${photo}`, 4],
  [alice, '/quit', 1],
  [bob, '/quit', 0],
];
for (const [who, line, seconds] of script) {
  console.log(`${who === alice ? 'alice' : 'bob  '} > ${line}`);
  who.obey(line);
  await sleep(seconds * 1000);
}
await router.close();
await rm(folder, { recursive: true });
