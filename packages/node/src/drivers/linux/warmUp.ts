import type { Profile } from '@6bed4/codec';
import { Peer, type Router, type TunnelSink } from '@6bed4/tunnel';
import type { LoopMemory } from './loopMemory.js';
import { PacketLoop } from './packetLoop.js';
import {
  REPLAY_TUN,
  REPLAY_UDP,
  REPLAY_WAKE,
  type ReplayLibc,
  type ReplayStep,
} from './replayLibc.js';
import type { TunFeatures } from './tunFeatures.js';
import { peerScript, routerScript } from './warmUpScripts.js';

/** Iterations of the loop: after so many, all of its code is compiled. */
const ITERATIONS = 15_000;
/** How often the steps are repeated before another machine begins anew. */
const REPETITIONS = 10;
/** Upper bound of the whole warm-up, in milliseconds. */
const MAX_DURATION = 1000;
/** What is skipped between repetitions, so that what was found is confirmed again, in milliseconds. */
const SKIP = 3_000;
/** What is skipped now and then, so that it is found anew. */
const LONG_SKIP = 60_000;
const LONG_SKIP_EVERY = 4;
/** Length of one piece of it, in milliseconds: for as long, a packet may have to wait. */
const PIECE = 0.25;

/** Options of {@link warmUp}. */
export interface WarmUpOptions {
  readonly libc: ReplayLibc;
  /** The memory that the loop uses later, too. */
  readonly memory: LoopMemory;
  readonly kind: 'peer' | 'router';
  readonly profile: Profile;
  readonly tunFeatures: TunFeatures;
  readonly clock: () => number;
  /** Sets the clock ahead by so many milliseconds. */
  readonly setAhead: (ahead: number) => void;
  /**
   * The function that the loop calls later too; another one would invalidate the compiled code. The clock is not set ahead
   * meanwhile.
   */
  readonly onWake: () => void;
}

/**
 * Warms up the JIT compiler: runs some thousand synthetic packets through a loop with machines of this
 * kind, so that real packets meet compiled code. Otherwise lone packets would run interpreted
 * code for hours, which takes twice as long.
 *
 * The compiler takes for granted what it has not seen: that a branch is never taken, that a closure is always the
 * same. What it finds out later costs the compiled code. So one machine after the other begins anew, and time passes.
 *
 * @returns does a piece of it at each call, with nothing else between its begin and its end; false after the last one
 */
export function prepareWarmUp(options: WarmUpOptions): () => boolean {
  const { clock, setAhead, libc, memory } = options;
  const script = options.kind === 'peer' ? peerScript : routerScript;
  const { machine, begin, steps } = script(options.profile, options.tunFeatures);
  const loop = loopOf(options, machine);
  const round = begin.length + REPETITIONS * steps.length;
  let left = ITERATIONS;
  let at = 0;
  let spent = 0;
  let ahead = 0;
  let pauseAt = 0;
  const next = (): ReplayStep => {
    const place = at - begin.length;
    const step = begin[at] ?? steps[place % steps.length]!;
    at++;
    left--;
    if (place >= 0 && place % steps.length === 0) {
      ahead += (place / steps.length) % LONG_SKIP_EVERY === 1 ? LONG_SKIP : SKIP;
    }
    setAhead(ahead);
    if (at === round || clock() - ahead >= pauseAt) loop.stop();
    // Whoever is woken calls the machine that carries packets, for which it is as late as it is.
    if (step.wake) setAhead(0);
    return step;
  };
  const work = (): void => {
    do {
      if (at === round) at = 0;
      if (at === 0) restart(loop, machine);
      loop.run();
      setAhead(ahead);
    } while (left > 0 && clock() - ahead < pauseAt);
  };
  return () => {
    const started = clock();
    pauseAt = started + PIECE;
    libc.start(memory.arena, next);
    setAhead(ahead);
    try {
      work();
    } finally {
      setAhead(0);
      libc.stop();
    }
    spent += clock() - started;
    return left > 0 && spent < MAX_DURATION;
  };
}

type Machine = Router | Peer;

function loopOf(
  { libc, memory, tunFeatures, clock, onWake }: WarmUpOptions,
  machine: (sink: TunnelSink) => Machine,
): PacketLoop<Machine> {
  return new PacketLoop<Machine>({
    libc,
    memory,
    machine,
    wake: REPLAY_WAKE,
    udp: REPLAY_UDP,
    tun: REPLAY_TUN,
    tunFeatures,
    udpSegmentation: true,
    clock,
    onWake,
    onEvent: () => {},
    onGone: () => {},
  });
}

/** Has another machine begin. */
function restart(loop: PacketLoop<Machine>, machine: (sink: TunnelSink) => Machine): void {
  loop.machine = machine(loop);
  loop.command((one, now) => one instanceof Peer && one.start(now));
}
