/** The thread that carries packets in the Linux driver; started by `LoopThread`. */

// Not the global one, which is behind a getter.
import { performance } from 'node:perf_hooks';
import { type MessagePort, parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { dialects, InvalidArgumentError, type Profile } from '@6bed4/codec';
import { Peer, Router, type TunnelSink } from '@6bed4/tunnel';
import { PacketTap } from '../../capture/packetTap.js';
import { StartError } from '../../errors.js';
import { secureRandom } from '../../random.js';
import { bindRawLibc } from '../kernel/rawLibc.js';
import { allocateLoopMemory } from './loopMemory.js';
import { PACKET_LOOP_SIZE, PacketLoop } from './packetLoop.js';
import { ReplayLibc } from './replayLibc.js';
import { prepareWarmUp } from './warmUp.js';
import {
  type Answer,
  type MachinePlan,
  type Notice,
  type NumberedAnswer,
  type NumberedRequest,
  type PlainError,
  type PlainProfile,
  type Request,
  type Result,
  type Results,
  Shared,
  type WorkerSetup,
} from './workerProtocol.js';

type AnyMachine = Peer | Router;
type Loop = PacketLoop<AnyMachine>;

const outside = parentPort as MessagePort;
let setup: WorkerSetup;
let shared: Int32Array;

function post(notice: Notice): void {
  outside.postMessage(notice);
}

function plainError(error: unknown): PlainError {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const argument =
    error instanceof InvalidArgumentError
      ? { field: error.field, found: error.found, expected: error.expected }
      : null;
  return { message, stack, argument, code: error instanceof StartError ? error.code : null };
}

function profileFrom(plain: PlainProfile): Profile {
  const dialect = dialects[plain.dialect];
  return { ...plain, dialect, layout: dialect.layout };
}

function makeMachine(plan: MachinePlan, sink: TunnelSink): AnyMachine {
  const common = { profile: profileFrom(plan.profile), random: secureRandom };
  return plan.kind === 'peer'
    ? new Peer({ ...plan.options, ...common }, sink)
    : new Router({ ...plan.options, ...common }, sink);
}

function asPeer(machine: AnyMachine): Peer {
  if (machine instanceof Peer) return machine;
  throw new TypeError('the machine is a router');
}

function asRouter(machine: AnyMachine): Router {
  if (machine instanceof Router) return machine;
  throw new TypeError('the machine is a peer');
}

/** Calls the peer with the time, and carries out what it says. */
function commandPeer<T>(loop: Loop, action: (peer: Peer, now: number) => T): T {
  return loop.command((machine, now) => action(asPeer(machine), now));
}

function carryOut(loop: Loop, request: Request): Result {
  switch (request.type) {
    case 'uplinks':
      return asPeer(loop.machine).uplinks satisfies Results['uplinks'];
    case 'searchesLan':
      return asPeer(loop.machine).searchesLan satisfies Results['searchesLan'];
    case 'start':
      commandPeer(loop, (peer, now) => peer.start(now));
      return null;
    case 'stop':
      commandPeer(loop, (peer, now) => peer.stop(now));
      return null;
    case 'solicit':
      commandPeer(loop, (peer, now) => peer.solicit(now));
      return null;
    case 'setLocalSubnets':
      commandPeer(loop, (peer) => peer.setLocalSubnets(request.subnets));
      return null;
    case 'remotes':
      return commandPeer(loop, (peer, now) => peer.remotes(now)) satisfies Results['remotes'];
    case 'addRouter':
      commandPeer(loop, (peer, now) => peer.addRouter(request.router, now));
      return null;
    case 'setRouters':
      commandPeer(loop, (peer, now) => peer.setRouters(request.routers, now));
      return null;
    case 'removeRouter':
      return commandPeer(loop, (peer) =>
        peer.removeRouter(request.router),
      ) satisfies Results['removeRouter'];
    case 'sendOpportunistic': {
      const { packet } = request;
      return commandPeer(loop, (peer, now) =>
        peer.handleOpportunisticPacket(packet, 0, packet.length, now),
      ) satisfies Results['sendOpportunistic'];
    }
    case 'reportReply':
      return commandPeer(loop, (peer, now) =>
        peer.reportReply(request.number, now),
      ) satisfies Results['reportReply'];
    case 'address':
      return asRouter(loop.machine).address satisfies Results['address'];
    case 'prefix':
      return asRouter(loop.machine).prefix satisfies Results['prefix'];
    case 'setRoutes':
      // Not by `command`, which is for the timers of a peer.
      asRouter(loop.machine).setRoutes(request.routes);
      return null;
    case 'counters':
      return {
        machine: loop.machine.counters.snapshot(),
        loop: loop.counters,
      } satisfies Results['counters'];
    case 'udp':
      loop.useUdp(request.fd, request.port);
      return null;
    case 'lan':
      loop.useLan(request.fd);
      return null;
    case 'tap': {
      const { tap } = request;
      loop.tap = tap === null ? null : new PacketTap(tap.setup, tap.memory);
      return null;
    }
  }
}

function answerTo(loop: Loop, request: Request): Answer {
  try {
    return { ok: true, value: carryOut(loop, request) };
  } catch (error) {
    return { ok: false, error: plainError(error) };
  }
}

/** Counts one more answer, and wakes the thread that waits for it. */
function announceAnswer(): void {
  Atomics.add(shared, Shared.answers, 1);
  Atomics.notify(shared, Shared.answers);
}

function answerAll(loop: Loop): void {
  for (
    let received = receiveMessageOnPort(setup.requests);
    received !== undefined;
    received = receiveMessageOnPort(setup.requests)
  ) {
    const { id, request } = received.message as NumberedRequest;
    setup.requests.postMessage({ id, answer: answerTo(loop, request) } satisfies NumberedAnswer);
    announceAnswer();
  }
  if (Atomics.load(shared, Shared.stop) === 1) loop.stop();
}

async function carryPackets(): Promise<void> {
  // Not before the set-up: koffi aborts the process when a thread ends while it loads, and one that nobody needs may.
  const real = await bindRawLibc();
  const libc = new ReplayLibc(real);
  const offset = performance.timeOrigin - setup.timeOrigin;
  // Of the clock, during the warm-up.
  let ahead = 0;
  const clock = (): number => performance.now() + offset + ahead;
  const setAhead = (milliseconds: number): void => {
    ahead = milliseconds;
  };
  let loop: Loop | null = null;
  const onWake = (): void => {
    if (loop !== null) answerAll(loop);
  };
  // Of one instance of WebAssembly for both loops, whose functions the compiled code expects.
  const memory = allocateLoopMemory(libc, 2 * PACKET_LOOP_SIZE);
  loop = new PacketLoop<AnyMachine>({
    libc,
    memory,
    machine: (sink) => makeMachine(setup.machine, sink),
    wake: setup.wake,
    udp: setup.udp,
    tun: setup.tun,
    tunFeatures: setup.tunFeatures,
    udpSegmentation: setup.udpSegmentation,
    clock,
    onWake,
    onEvent: (event) => post({ type: 'event', event }),
    onGone: () => post({ type: 'gone' }),
  });
  post({ type: 'ready' });
  const { kind, profile } = setup.machine;
  const { tunFeatures } = setup;
  try {
    const plain = profileFrom(profile);
    const replay = new ReplayLibc(real);
    loop.useIdleTime(
      prepareWarmUp({
        libc: replay,
        memory,
        kind,
        profile: plain,
        tunFeatures,
        clock,
        setAhead,
        onWake,
      }),
    );
  } catch (error) {
    // Some profiles cannot do without a prefix of the user's. Then the first packets warm up the loop.
    if (!(error instanceof InvalidArgumentError)) throw error;
  }
  loop.run();
}

async function main(message: WorkerSetup): Promise<void> {
  setup = message;
  shared = new Int32Array(setup.shared);
  try {
    await carryPackets();
  } catch (error) {
    post({ type: 'refused', error: plainError(error) });
  } finally {
    Atomics.store(shared, Shared.ended, 1);
    // A thread that waits for an answer must not wait for ever.
    announceAnswer();
  }
}

outside.once('message', (message: WorkerSetup) => void main(message));
