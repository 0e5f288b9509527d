/** A call by way of routers, one without, or echo requests to the IPv6 Internet. */
export type FlowKind = 'relayed' | 'direct' | 'ping';

/** What a flow lost in a time. */
export interface FlowLoss {
  readonly kind: FlowKind;
  readonly name: string;
  /** Packets. */
  readonly lost: number;
  /**
   * The time in which they were sent, in milliseconds. Other than a pause, it has nothing to do with how busy the computers
   * of sender and receiver are.
   */
  readonly outage: number;
  /** The longest pause between two packets that arrived, in milliseconds. */
  readonly gap: number;
}

/** Something that goes on while events happen. */
export interface FlowWatch {
  /** What was lost between two times, in milliseconds since 1970. */
  between(start: number, end: number): FlowLoss;
}

/** What an event cost all flows. */
export class EventCost {
  readonly event: string;
  readonly flows: readonly FlowLoss[];

  constructor(event: string, flows: readonly FlowLoss[]) {
    this.event = event;
    this.flows = flows;
  }

  of(kind: FlowKind): readonly FlowLoss[] {
    return this.flows.filter((flow) => flow.kind === kind);
  }

  lost(kind: FlowKind): number {
    return this.of(kind).reduce((sum, { lost }) => sum + lost, 0);
  }

  /** Milliseconds of the longest pause of any flow. */
  longest(kind: FlowKind): number {
    return Math.max(...this.of(kind).map(({ gap }) => gap));
  }

  /** Milliseconds of which the flow that lost the most lost everything. */
  outage(kind: FlowKind): number {
    return Math.max(...this.of(kind).map(({ outage }) => outage));
  }

  /** The figures for `npm run bench:fleet`. */
  summary(): object {
    const { event } = this;
    const relayed = this.of('relayed');
    return {
      event,
      relayedFlows: relayed.length,
      flowsHit: relayed.filter(({ lost }) => lost > 0).length,
      packetsLost: this.lost('relayed'),
      mostLost: Math.max(...relayed.map(({ lost }) => lost)),
      longestPause: this.longest('relayed'),
      directFlows: this.of('direct').length,
      directLost: this.lost('direct'),
      pingsLost: this.lost('ping'),
    };
  }
}
