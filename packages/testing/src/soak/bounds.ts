import { markdownTable } from '../markdown.js';

/** The traffic of a conversation, as far as recovery depends on it. */
export type Usage =
  /** Both sides send on their own. */
  | 'both send'
  /** Only one side sends, and is answered or not. */
  | 'one sends'
  /** Nobody sends when the fault happens; one side sends a request later, each second until it is answered. */
  | 'later';

/** Longest silences after an event, in milliseconds, by {@link Usage}. */
export type Bounds = Readonly<Record<Usage, number>>;

/** An event that soaks cause, and what is promised about it. */
export interface SoakEvent {
  /** Its title in reports and in docs/direct-paths.md. */
  readonly title: string;
  readonly bounds: Bounds;
}

/** A silent peer solicits its routers, and gets its new address or opens its NAT again. */
const SILENCE_NOTICED = 4_250;
/** A direct path that does not work any more is noticed by its sender, whose remote sends little or nothing. */
const PATH_NOTICED = 3_500;
/** A NAT that forgot its mappings is noticed where both sides send at least four times a second. */
const BOTH_NOTICED = 2_000;
/**
 * A peer that only receives notices that remotes fall silent, but not so soon after others did, for whichever
 * reason.
 */
const SILENCE_REPEAT = 10_000;
/** Nothing at all may be lost. */
const NONE = 0;
/** An idle peer solicits its routers and learns that its endpoint changed, or opens its NAT again. */
const REFRESH = 120_500;

const nothing: Bounds = { 'both send': NONE, 'one sends': NONE, later: NONE };
const forgotten: Bounds = {
  'both send': BOTH_NOTICED,
  'one sends': PATH_NOTICED + SILENCE_REPEAT,
  later: REFRESH,
};
const repeated: Bounds = {
  'both send': BOTH_NOTICED + SILENCE_REPEAT,
  'one sends': PATH_NOTICED + SILENCE_REPEAT,
  later: REFRESH,
};
const noticed: Bounds = {
  'both send': SILENCE_NOTICED,
  'one sends': PATH_NOTICED,
  later: PATH_NOTICED,
};

/**
 * All events, in the order of reports. Silence counts from the end of the event, an outage or a pause for
 * instance, and to the first packet after which nothing is lost.
 */
export const soakEvents = {
  'nat-forgets': { title: 'the NAT of one side forgets its mappings', bounds: forgotten },
  'nats-forget': { title: 'the NATs of both sides forget their mappings', bounds: forgotten },
  'nat-ports': { title: 'a NAT assigns other ports', bounds: forgotten },
  'nat-address': { title: 'a NAT gets another public address', bounds: forgotten },
  'router-restarts': { title: 'a router restarts', bounds: nothing },
  'router-outage': { title: 'a router is gone for a while', bounds: noticed },
  'link-outage': { title: 'a link carries nothing for a while', bounds: forgotten },
  unplugged: { title: 'a host loses its network for a while', bounds: noticed },
  'loss-burst': { title: 'a link loses a third of all packets for a while', bounds: noticed },
  disorder: { title: 'a link reorders and duplicates', bounds: nothing },
  'host-moves': { title: 'a host moves to another network', bounds: noticed },
  'host-address': { title: 'a host gets another address', bounds: noticed },
  paused: { title: 'a program is stopped for a while', bounds: noticed },
  sleeps: { title: 'a host sleeps, its clock too or not', bounds: noticed },
  'clock-jump': { title: 'the clock of a host jumps ahead', bounds: noticed },
  'router-messages': {
    title: 'solicitations and advertisements of routers are lost',
    bounds: nothing,
  },
  'interface-address': { title: 'the address of the interface is removed', bounds: noticed },
  several: { title: 'several of these at once', bounds: repeated },
} as const satisfies Record<string, SoakEvent>;

/** The name of an event. */
export type SoakEventName = keyof typeof soakEvents;

/** Events of real computers that the simulator does not know. */
export type RealEventName = 'interface-address';

/**
 * With Probe and Seen (draft-04 §7.3), a direct path is used for 27 s after the last Seen flag, when nothing
 * comes from the remote that says otherwise.
 */
export const SEEN_LIFETIME = 27_000;

/** Control packets that a peer sends to one endpoint, at most: in one second, and in one minute. */
export const CONTROL = { second: 10, minute: 90 } as const;

/** The table of all bounds in docs/direct-paths.md, in Markdown. */
export function boundsTable(): string {
  const usages: readonly Usage[] = ['both send', 'one sends', 'later'];
  const text = (milliseconds: number): string =>
    milliseconds === NONE ? 'none' : `${milliseconds / 1000} s`;
  return markdownTable([
    ['after', ...usages],
    ...Object.values(soakEvents).map(({ title, bounds }) => [
      title,
      ...usages.map((usage) => text(bounds[usage])),
    ]),
  ]);
}

/** The longest silence that an event may cause in a conversation, in milliseconds. */
export function boundOf(event: SoakEventName, usage: Usage, peering: string): number {
  const bound = soakEvents[event].bounds[usage];
  return usage === 'one sends' && bound > 0 && peering === 'probe-and-seen'
    ? Math.max(bound, SEEN_LIFETIME)
    : bound;
}
