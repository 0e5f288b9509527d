import type { Lab } from './lab.js';

/** Result of an echo request. */
export type Echo =
  | { readonly result: 'reply'; readonly hopLimit: number }
  | { readonly result: 'time-exceeded'; readonly from: string }
  | { readonly result: 'too-big'; readonly from: string; readonly mtu: number }
  | { readonly result: 'none'; readonly output: string };

export interface PingOptions {
  /** Bytes of data, without the 48 of headers; default 56. */
  readonly size?: number;
  readonly hopLimit?: number;
  /** Forbids fragments; default false. */
  readonly whole?: boolean;
}

function argumentsFor(destination: string, options: PingOptions): string[] {
  const args = ['ping', '-6', '-n', '-W', '2'];
  if (options.size !== undefined) args.push('-s', String(options.size));
  if (options.hopLimit !== undefined) args.push('-t', String(options.hopLimit));
  if (options.whole === true) args.push('-M', 'do');
  return [...args, destination];
}

/** Sends one echo request; the result as ping prints it. */
export async function ping(
  lab: Lab,
  label: string,
  destination: string,
  options: PingOptions = {},
): Promise<Echo> {
  const argv = [...argumentsFor(destination, options), '-c', '1'];
  const { stdout, stderr } = await lab.exec(label, argv, { mayFail: true });
  const reply = /bytes from \S+: icmp_seq=1 ttl=(\d+)/.exec(stdout);
  if (reply !== null) return { result: 'reply', hopLimit: Number(reply[1]) };
  const exceeded = /From (\S+) icmp_seq=1 Time exceeded: Hop limit/.exec(stdout);
  if (exceeded !== null) return { result: 'time-exceeded', from: exceeded[1]! };
  const tooBig = /From (\S+) icmp_seq=1 Packet too big: mtu=(\d+)/.exec(stdout);
  if (tooBig !== null) return { result: 'too-big', from: tooBig[1]!, mtu: Number(tooBig[2]) };
  const local = /local error: message too long, mtu: (\d+)/.exec(stdout + stderr);
  if (local !== null) return { result: 'too-big', from: 'local', mtu: Number(local[1]) };
  return { result: 'none', output: stdout + stderr };
}

/** Sends several echo requests in quick succession; returns the number of replies. */
export async function countReplies(
  lab: Lab,
  label: string,
  destination: string,
  count: number,
  options: PingOptions = {},
): Promise<number> {
  const argv = [...argumentsFor(destination, options), '-c', String(count), '-i', '0.05'];
  const { stdout } = await lab.exec(label, argv, { mayFail: true });
  return Number(/(\d+) received/.exec(stdout)?.[1] ?? 0);
}

/**
 * Sends echo requests in quick succession and waits for late answers: once there was an answer, ping by
 * itself waits no longer than two round trips for the last ones, which a busy computer exceeds.
 *
 * @returns the numbers, from 1, of those that were not answered
 */
export async function unanswered(
  lab: Lab,
  label: string,
  destination: string,
  count: number,
): Promise<number[]> {
  // With a deadline, ping goes on until it has as many answers.
  const argv = ['ping', '-6', '-n', '-i', '0.05', '-c', String(count), '-w', '4', destination];
  const { stdout } = await lab.exec(label, argv, { mayFail: true });
  const answered = new Set(
    [...stdout.matchAll(/icmp_seq=(\d+) ttl=/g)].map((hit) => Number(hit[1])),
  );
  return Array.from({ length: count }, (_, index) => index + 1).filter((seq) => !answered.has(seq));
}
