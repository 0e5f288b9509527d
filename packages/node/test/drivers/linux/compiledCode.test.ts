import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import v8 from 'node:v8';
import { reference2020 } from '@6bed4/codec';
import type { Peer } from '@6bed4/tunnel';
import { expect, onTestFinished, test } from 'vitest';
import { allocateLoopMemory } from '../../../src/drivers/linux/loopMemory.js';
import { PacketLoop } from '../../../src/drivers/linux/packetLoop.js';
import {
  REPLAY_TUN,
  REPLAY_UDP,
  REPLAY_WAKE,
  ReplayLibc,
} from '../../../src/drivers/linux/replayLibc.js';
import { SendBatch } from '../../../src/drivers/linux/sendBatch.js';
import { TunInput } from '../../../src/drivers/linux/tunInput.js';
import { prepareWarmUp } from '../../../src/drivers/linux/warmUp.js';
import { peerScript } from '../../../src/drivers/linux/warmUpScripts.js';
import { FailingLibc } from '../../support/failingLibc.js';
import { TestClock } from '../../support/testClock.js';

/** Bit of `%GetOptimizationStatus`: there is code of an optimizing compiler, which is valid. */
const OPTIMIZED = 1 << 4;
/** Echo requests and replies in both directions come first in the script. */
const LONE_PACKETS = 4;
/** Fewer than those after which code is compiled anew. */
const PACKETS = 60;

/** Some methods that are too large to become a part of their callers; `ReceiveBatch.receive` becomes one now and then. */
const METHODS = [TunInput.prototype.read, SendBatch.prototype.add];
/** Functions of a replay, which gets other input than before. */
const OF_THIS_TEST = ['', '#step', '#read', '#receive', 'next', 'poll', 'run'];

const statusOf = ((): ((code: unknown) => number) => {
  v8.setFlagsFromString('--allow-natives-syntax');
  try {
    return new Function('code', 'return %GetOptimizationStatus(code)') as () => number;
  } finally {
    v8.setFlagsFromString('--no-allow-natives-syntax');
  }
})();

/** The names of methods without such code. */
function slowMethods(): string[] {
  const slow = METHODS.filter((method) => (statusOf(method) & OPTIMIZED) === 0);
  return slow.map(({ name }) => name);
}

/** Does something, and returns the names of functions whose compiled code became invalid by it. */
function deoptimized(action: () => void): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'compiled-'));
  const file = join(folder, 'trace');
  const flags = `--redirect-code-traces --redirect-code-traces-to=${file} --trace-deopt`;
  for (const flag of flags.split(' ')) v8.setFlagsFromString(flag);
  try {
    action();
    v8.setFlagsFromString('--no-trace-deopt');
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, 'utf8').matchAll(/bailout.*?<JSFunction (.*?) ?\(sfi/g);
    return [...lines].map(([, name]) => name!);
  } finally {
    v8.setFlagsFromString('--no-trace-deopt');
    v8.setFlagsFromString('--no-redirect-code-traces');
    rmSync(folder, { recursive: true });
  }
}

test('after the warm-up, code for lone packets is compiled, and the first ones do not invalidate it', () => {
  const features = { virtioHeader: true, udpSegmentation: true };
  const real = new FailingLibc();
  const libc = new ReplayLibc(real);
  const memory = allocateLoopMemory(libc, 16 << 20);
  const { clock, setAhead } = new TestClock(0.001);
  const common = { memory, tunFeatures: features, clock, onWake: () => {} };
  const { machine, begin, steps } = peerScript(reference2020, features);
  const loop = new PacketLoop<Peer>({
    ...common,
    libc,
    machine: (sink) => machine(sink) as Peer,
    wake: REPLAY_WAKE,
    udp: REPLAY_UDP,
    tun: REPLAY_TUN,
    udpSegmentation: true,
    onEvent: () => {},
    onGone: () => {},
  });
  const replay = new ReplayLibc(real);
  const options = { ...common, setAhead, kind: 'peer', profile: reference2020 } as const;
  const work = prepareWarmUp({ ...options, libc: replay });
  // Otherwise the compiler works in another thread, which can be late on a busy machine.
  v8.setFlagsFromString('--no-concurrent-recompilation');
  onTestFinished(() => v8.setFlagsFromString('--concurrent-recompilation'));
  while (work());
  expect(slowMethods()).toEqual([]);
  let count = 0;
  libc.start(memory.arena, () => {
    if (count === begin.length + PACKETS) loop.stop();
    return begin[count++] ?? steps[count % LONE_PACKETS]!;
  });
  const invalidated = deoptimized(() => {
    loop.command((peer, at) => peer.start(at));
    loop.run();
  });
  expect(loop.machine.remotes(clock()).map(({ path }) => path)).toEqual(['direct']);
  expect(invalidated.filter((name) => !OF_THIS_TEST.includes(name))).toEqual([]);
  expect(slowMethods()).toEqual([]);
});
