import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../sip-call.mjs', import.meta.url));

/** The output of the program, without the times. */
async function run(...args: readonly string[]): Promise<string[]> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [PROGRAM, ...args], {
    timeout: 30_000,
  });
  expect(stderr).toBe('');
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => /^ *\d+\.\d{3} {2}(.*)$/.exec(line)![1]!);
}

const stepsOf = (user: string, lines: readonly string[]): string[] =>
  lines
    .filter((line) => line.startsWith(`${user} `) && !/ (is|received|sent) /.test(line))
    .map((line) => line.slice(user.length + 1));

interface Audio {
  readonly received: number;
  readonly lost: number;
  readonly jitter: number;
  readonly direct: number;
  readonly relayed: number;
}

function audioOf(user: string, lines: readonly string[]): Audio {
  const text = lines.join('\n');
  const receivedLine = new RegExp(
    `^${user} received (\\d+) packets of S?RTP, lost (-?\\d+), jitter ([\\d.]+) ms$`,
    'm',
  );
  const sentLine = new RegExp(
    `^${user} sent (\\d+) packets directly, (\\d+) through the router$`,
    'm',
  );
  const [received, lost, jitter] = receivedLine.exec(text)!.slice(1).map(Number);
  const [direct, relayed] = sentLine.exec(text)!.slice(1).map(Number);
  return {
    received: received!,
    lost: lost!,
    jitter: jitter!,
    direct: direct!,
    relayed: relayed!,
  };
}

/** Checks three seconds of audio, most of it sent directly. */
function expectAudio({ received, lost, jitter, direct, relayed }: Audio): void {
  expect(received).toBeGreaterThan(90);
  expect(lost).toBe(0);
  expect(jitter).toBeGreaterThan(0);
  expect(jitter).toBeLessThan(40);
  expect(direct).toBeGreaterThan(60);
  expect(relayed).toBeLessThan(50);
}

describe('a call', () => {
  test('begins through the router and goes on directly behind NATs that filter', async () => {
    const lines = await run();
    expect(stepsOf('alice', lines)).toEqual([
      ...[
        'sends INVITE',
        'resends INVITE',
        'receives 100 Trying',
        'receives 180 Ringing',
        'receives 200 OK',
      ],
      ...['sends ACK', 'sends BYE', 'receives 200 OK'],
    ]);
    expect(stepsOf('bob', lines)).toEqual([
      ...[
        'receives INVITE',
        'sends 100 Trying',
        'sends 180 Ringing',
        'sends 200 OK',
        'receives ACK',
      ],
      ...['receives BYE', 'sends 200 OK'],
    ]);
    for (const user of ['alice', 'bob']) {
      expect(lines).toContain(`${user}: path direct`);
      expectAudio(audioOf(user, lines));
    }
    expect(audioOf('alice', lines).relayed).toBeGreaterThan(0);
  }, 40_000);

  test('sends nothing of the caller through the router behind endpoint-independent filtering of the callee', async () => {
    const lines = await run('--open-nat');
    expect(stepsOf('alice', lines)).toEqual([
      ...['sends INVITE', 'receives 100 Trying', 'receives 180 Ringing', 'receives 200 OK'],
      ...['sends ACK', 'sends BYE', 'receives 200 OK'],
    ]);
    // The response confirms the path before anything else is sent.
    expect(lines.indexOf('alice: path direct')).toBeLessThan(lines.indexOf('alice sends ACK'));
    for (const user of ['alice', 'bob']) expectAudio(audioOf(user, lines));
    expect(audioOf('alice', lines).relayed).toBe(0);
  }, 40_000);

  test('has encrypted media both ways with --srtp, and shows no key', async () => {
    const lines = await run('--srtp');
    for (const user of ['alice', 'bob']) expectAudio(audioOf(user, lines));
    expect(lines.filter((line) => / received \d+ packets of SRTP,/.test(line))).toHaveLength(2);
    expect(lines.join('\n')).not.toMatch(/inline|[A-Za-z0-9+/]{40}/);
  }, 40_000);
});
