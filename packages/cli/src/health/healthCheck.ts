/** What is checked, in this order, and the exit code of `6bed4 health` when it is the first that fails. */
export const exitCodes = {
  /** The daemon runs and answers. */
  daemon: 10,
  /** Its UDP socket is bound, and to an address of this computer. */
  socket: 11,
  /** Its interface is up and has what it has to have. */
  interface: 12,
  /** The kernel forwards IPv6. */
  forwarding: 13,
  /** There are routes to the peers and away from them. */
  'ipv6-side': 14,
  /** A packet passes through the tunnel and back. */
  'self-test': 15,
  /** The router wants traffic. */
  draining: 16,
} as const;

export type CheckName = keyof typeof exitCodes;

/** The result of one check. */
export interface HealthCheck {
  readonly name: CheckName;
  /** Null where it does not apply. */
  readonly passed: boolean | null;
  /** What was found and, after a failure, what can be done. */
  readonly detail: string;
}

/** The results of all checks; of a daemon that does not answer, there is only one. */
export interface HealthReport {
  readonly checks: readonly HealthCheck[];
  /** Path of the control socket; null when there is none. */
  readonly path: string | null;
  /** Whether the failure is certain: the daemon is gone or drains, and asking again changes nothing. */
  readonly isFinal: boolean;
}

/** The first check that failed. */
export function failureIn({ checks }: HealthReport): HealthCheck | undefined {
  return checks.find(({ passed }) => passed === false);
}

/** The exit code for a report; 0 when nothing failed. */
export function exitCodeOf(report: HealthReport): number {
  const failure = failureIn(report);
  return failure === undefined ? 0 : exitCodes[failure.name];
}

export const passed = (name: CheckName, detail: string): HealthCheck => ({
  name,
  passed: true,
  detail,
});

export const failed = (name: CheckName, detail: string): HealthCheck => ({
  name,
  passed: false,
  detail,
});

export const skipped = (name: CheckName, detail: string): HealthCheck => ({
  name,
  passed: null,
  detail,
});
