import { setTimeout as sleep } from 'node:timers/promises';
import { unanswered } from '@6bed4/testing/kernel/ping';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { expect } from 'vitest';
import { type Examples, ROUTER } from './examples.js';

type Expectation = (examples: Examples, line: string) => Promise<void>;

/** The only daemon that can be found: others have no control socket. */
const onlyRouter = (examples: Examples): Promise<RunningProgram> =>
  examples.daemon('router', `6bed4 router --listen ${ROUTER}`);

async function addPeer(examples: Examples): Promise<string> {
  const peer = await examples.daemon('laptop', `6bed4 peer --router ${ROUTER} --no-control`);
  return examples.addressOf(peer);
}

/** A line for the router that prints until the daemon ends, or is ended. */
export function printsWhileItRuns(expected: RegExp, endsWithDaemon = true): Expectation {
  return async (examples, line) => {
    const router = await onlyRouter(examples);
    // On a terminal, it prints line by line anyway.
    const program = examples.start('router', line.replace('tshark', 'tshark -l'));
    const address = await addPeer(examples);
    while (program.running && !program.stdout.some((text) => expected.test(text))) {
      await unanswered(examples.lab, 'router', address, 1);
    }
    await program.waitForLine(expected);
    if (!endsWithDaemon) return;
    await router.stop();
    expect(await program.ended).toMatchObject({ code: 0 });
  };
}

/** A line for a peer that prints what becomes direct. */
export function printsPaths(expected: RegExp): Expectation {
  return async (examples, line) => {
    await examples.daemon('router', `6bed4 router --listen ${ROUTER} --no-control`);
    const other = await examples.daemon('other', `6bed4 peer --router ${ROUTER}`);
    const program = examples.start('other', line);
    await addPeer(examples);
    // Until it listens; it prints nothing that says so.
    await sleep(1000);
    const address = await examples.addressOf(other);
    expect(await unanswered(examples.lab, 'laptop', address, 3)).toEqual([]);
    await other.stop();
    expect((await program.outcome()).stdout).toMatch(expected);
  };
}

/** A line for the router that writes `trace.pcapng`, which shows pings then. */
export const writesTrace: Expectation = async (examples, line) => {
  const { lab } = examples;
  await onlyRouter(examples);
  const address = await addPeer(examples);
  const capture = examples.start('router', `env -C ${lab.folder} ${line}`);
  while (capture.running) await unanswered(lab, 'router', address, 2);
  expect(await capture.ended).toEqual({ code: 0, signal: null });
  const tshark = `tshark -r ${lab.folder}/trace.pcapng -d udp.port==25790,ipv6`;
  expect(await examples.output('router', tshark)).toMatch(/Echo \(ping\) reply/);
};
