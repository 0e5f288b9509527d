import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../sip-call.mjs', import.meta.url));

/** What the program tells, without the times. */
async function tell(...args: readonly string[]): Promise<string[]> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [PROGRAM, ...args], {
    timeout: 30_000,
  });
  expect(stderr).toBe('');
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => /^ *\d+\.\d{3} {2}(.*)$/.exec(line)![1]!);
}

const doneBy = (user: string, story: readonly string[]): string[] =>
  story
    .filter((line) => line.startsWith(`${user} `) && !/ (is|heard|sent) /.test(line))
    .map((line) => line.slice(user.length + 1));

interface Audio {
  readonly received: number;
  readonly missed: number;
  readonly jitter: number;
  readonly straight: number;
  readonly relayed: number;
}

function audioOf(user: string, story: readonly string[]): Audio {
  const text = story.join('\n');
  const heard = new RegExp(
    `^${user} heard (\\d+) packets of RTP, missed (-?\\d+), jitter ([\\d.]+) ms$`,
    'm',
  );
  const sent = new RegExp(`^${user} sent (\\d+) packets straight, (\\d+) by the router$`, 'm');
  const [received, missed, jitter] = heard.exec(text)!.slice(1).map(Number);
  const [straight, relayed] = sent.exec(text)!.slice(1).map(Number);
  return {
    received: received!,
    missed: missed!,
    jitter: jitter!,
    straight: straight!,
    relayed: relayed!,
  };
}

/** Three seconds of it, most of it straight. */
function expectAudio({ received, missed, jitter, straight, relayed }: Audio): void {
  expect(received).toBeGreaterThan(90);
  expect(missed).toBe(0);
  expect(jitter).toBeGreaterThan(0);
  expect(jitter).toBeLessThan(40);
  expect(straight).toBeGreaterThan(60);
  expect(relayed).toBeLessThan(50);
}

test('given NATs that filter, then the call begins through the router and goes on straight', async () => {
  const story = await tell();
  expect(doneBy('alice', story)).toEqual([
    ...['says INVITE', 'repeats INVITE', 'hears 100 Trying', 'hears 180 Ringing', 'hears 200 OK'],
    ...['says ACK', 'says BYE', 'hears 200 OK'],
  ]);
  expect(doneBy('bob', story)).toEqual([
    ...['hears INVITE', 'says 100 Trying', 'says 180 Ringing', 'says 200 OK', 'hears ACK'],
    ...['hears BYE', 'says 200 OK'],
  ]);
  for (const user of ['alice', 'bob']) {
    expect(story).toContain(`${user}: path direct`);
    expectAudio(audioOf(user, story));
  }
  expect(audioOf('alice', story).relayed).toBeGreaterThan(0);
}, 40_000);

test('given a callee whose NAT lets everybody in, then nothing of the caller takes the router', async () => {
  const story = await tell('--open-nat');
  expect(doneBy('alice', story)).toEqual([
    ...['says INVITE', 'hears 100 Trying', 'hears 180 Ringing', 'hears 200 OK'],
    ...['says ACK', 'says BYE', 'hears 200 OK'],
  ]);
  // The answer proves the path, before anything else is sent.
  expect(story.indexOf('alice: path direct')).toBeLessThan(story.indexOf('alice says ACK'));
  for (const user of ['alice', 'bob']) expectAudio(audioOf(user, story));
  expect(audioOf('alice', story).relayed).toBe(0);
}, 40_000);
