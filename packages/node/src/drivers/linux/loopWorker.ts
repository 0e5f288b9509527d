/** The thread that carries packets in the Linux driver; started by `FastThread`. */

import {
  type MessagePort,
  parentPort,
  receiveMessageOnPort,
  workerData,
} from 'node:worker_threads';
import { CodecError, dialects, type Profile } from '@6bed4/codec';
import { type Machine, Peer, Router, type TunnelSink } from '@6bed4/tunnel';
import { StartError } from '../../errors.js';
import { unforeseeable } from '../../random.js';
import { bindRawLibc } from '../kernel/rawLibc.js';
import { peerCommands, peerQueries } from '../peerCalls.js';
import { routerCommands, routerQueries } from '../routerCalls.js';
import { FastLoop } from './packetLoop.js';
import { StagedLibc } from './replayLibc.js';
import { rehearse } from './warmUp.js';
import {
  type Answer,
  type MachinePlan,
  type Notice,
  type PlainError,
  type PlainProfile,
  type Request,
  Shared,
  type WorkerCounters,
  type WorkerSetup,
} from './workerProtocol.js';

type Calls = Readonly<Record<string, (...args: unknown[]) => unknown>>;

const setup = workerData as WorkerSetup;
const shared = new Int32Array(setup.shared);
const outside = parentPort as MessagePort;

function tell(notice: Notice): void {
  outside.postMessage(notice);
}

function plainError(error: unknown): PlainError {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const codec =
    error instanceof CodecError
      ? { field: error.field, found: error.found, expected: error.expected }
      : null;
  return { message, stack, codec, code: error instanceof StartError ? error.code : null };
}

function profileFrom(plain: PlainProfile): Profile {
  const dialect = dialects[plain.dialect];
  return { ...plain, dialect, layout: dialect.layout };
}

function makeMachine(plan: MachinePlan, sink: TunnelSink): Machine {
  const common = { profile: profileFrom(plan.profile), random: unforeseeable };
  return plan.kind === 'peer'
    ? new Peer({ ...plan.options, ...common }, sink)
    : new Router({ ...plan.options, ...common }, sink);
}

async function carry(): Promise<void> {
  const libc = new StagedLibc(await bindRawLibc());
  const isPeer = setup.machine.kind === 'peer';
  // The names are checked where they are called, and the machine is the one that they are for.
  const queries = (isPeer ? peerQueries : routerQueries) as unknown as Calls;
  const commands = (isPeer ? peerCommands : routerCommands) as unknown as Calls;
  const offset = performance.timeOrigin - setup.timeOrigin;
  const clock = (): number => performance.now() + offset;
  let loop: FastLoop<Machine> | null = null;

  const answerTo = (loop: FastLoop<Machine>, request: Request): unknown => {
    switch (request.type) {
      case 'query':
        return queries[request.name]!(loop.machine, 0, ...request.args);
      case 'command':
        return loop.command((machine, now) =>
          commands[request.name]!(machine, now, ...request.args),
        );
      case 'counters':
        return {
          machine: loop.machine.counters.snapshot(),
          loop: loop.counters,
        } satisfies WorkerCounters;
      case 'udp':
        loop.useUdp(request.fd);
        return null;
      case 'lan':
        loop.useLan(request.fd);
        return null;
    }
  };

  const answer = (loop: FastLoop<Machine>, request: Request): Answer => {
    try {
      return { ok: true, value: answerTo(loop, request) };
    } catch (error) {
      return { ok: false, error: plainError(error) };
    }
  };

  const onWake = (): void => {
    if (loop === null) return;
    for (
      let received = receiveMessageOnPort(setup.requests);
      received !== undefined;
      received = receiveMessageOnPort(setup.requests)
    ) {
      setup.requests.postMessage(answer(loop, received.message as Request));
      Atomics.add(shared, Shared.answers, 1);
      Atomics.notify(shared, Shared.answers);
    }
    if (Atomics.load(shared, Shared.stop) === 1) loop.stop();
  };

  const { kind, profile } = setup.machine;
  try {
    rehearse(libc, kind, profileFrom(profile), setup.tunFeatures, clock, onWake);
  } catch (error) {
    // Some profiles cannot do without a prefix of the user's. Then the first packets are the rehearsal.
    if (!(error instanceof CodecError)) throw error;
  }

  loop = new FastLoop<Machine>({
    libc,
    machine: (sink) => makeMachine(setup.machine, sink),
    wake: setup.wake,
    udp: setup.udp,
    tun: setup.tun,
    tunFeatures: setup.tunFeatures,
    udpSegmentation: setup.udpSegmentation,
    clock,
    onWake,
    onEvent: (event) => tell({ type: 'event', event }),
    onGone: () => tell({ type: 'gone' }),
  });
  tell({ type: 'ready' });
  loop.run();
}

async function main(): Promise<void> {
  try {
    await carry();
  } catch (error) {
    tell({ type: 'refused', error: plainError(error) });
  } finally {
    Atomics.store(shared, Shared.ended, 1);
    // Whoever waits for an answer learns that none comes.
    Atomics.add(shared, Shared.answers, 1);
    Atomics.notify(shared, Shared.answers);
  }
}

void main();
