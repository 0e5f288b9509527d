import type { Datagram, DatagramPool } from '../datagram/datagram.js';
import type { DropReason } from '../datagram/dropReason.js';
import type { Random } from '../time/random.js';
import type { Scheduler } from '../time/scheduler.js';
import type { Trace } from '../trace/trace.js';

/** The state that all parts of one simulated Internet share. */
export class World {
  readonly scheduler: Scheduler;
  readonly pool: DatagramPool;
  readonly random: Random;
  /** Null when nothing is recorded. */
  readonly trace: Trace | null;
  /** Datagrams that hosts sent. */
  sent = 0;
  /** Datagrams that reached a socket. */
  delivered = 0;
  /** Datagrams that did not, copies included. */
  dropped = 0;
  /** Whether something happened that a program outside may notice; for {@link play}, which resets it. */
  isTouched = false;

  constructor(scheduler: Scheduler, pool: DatagramPool, random: Random, trace: Trace | null) {
    this.scheduler = scheduler;
    this.pool = pool;
    this.random = random;
    this.trace = trace;
  }

  /** Ends a datagram at the node of that name. */
  drop(node: string, datagram: Datagram, reason: DropReason): void {
    this.dropped++;
    this.trace?.record('drop', node, datagram, this.scheduler.now, reason);
    this.pool.release(datagram);
  }
}
