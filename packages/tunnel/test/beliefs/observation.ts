import { setTrafficClass, trafficClass } from '@6bed4/nd';
import { udp } from '../support/packets.js';
import type { SentDatagram } from '../support/recorder.js';
import { NATIVE, type RemoteName, remoteNames } from './cast.js';
import { addressBytes, messageIn, type Stage } from './stage.js';
import type { Belief } from './table.js';

/** What a peer believes at one moment, as text, by belief and the remote that it is about. */
export type Beliefs = Map<string, string>;

/** The key of a belief about a remote, or about none. */
export const keyOf = (
  belief: Belief | 'sent elsewhere',
  about: RemoteName | 'other' | null,
): string => (about === null ? belief : `${belief}: ${about}`);

const SEEN = 0x20;
const ADAPTIVE = 0x20;
const OUTER_HEADERS = 28;
const BOUND_ENDPOINT = '203.0.113.5:40444';
/** Longer than any wait for other answers. */
const LATER = 1_700;

/**
 * All that shows what a peer believes after a message came: what it says itself, what it sent since, and
 * what becomes of packets to each remote, at once and after a while.
 *
 * @param since - how many datagrams it had sent before the message
 */
export function observe(stage: Stage, since: number): Beliefs {
  const beliefs: Beliefs = new Map();
  const note = (key: string, value: string): void => {
    beliefs.set(key, `${beliefs.get(key) ?? ''}${value} `);
  };
  noteSent(stage, stage.sent.slice(since), note);
  note(keyOf('delivery', null), `${stage.recorder.delivered.length}`);
  noteSnapshots(stage, note, true);
  notePackets(stage, note);
  stage.release();
  stage.waits(LATER);
  noteSnapshots(stage, note, false);
  notePackets(stage, note);
  return beliefs;
}

type Note = (key: string, value: string) => void;

function nameOf(
  stage: Stage,
  property: 'address' | 'endpoint',
  text: string,
): RemoteName | 'other' {
  const { remotes } = stage.cast;
  return remoteNames.find((name) => remotes[name][property] === text) ?? 'other';
}

function noteSent(stage: Stage, sent: readonly SentDatagram[], note: Note): void {
  const { cast } = stage;
  const routers = [cast.router, cast.askedRouter, cast.routerBeingAsked];
  for (const datagram of sent) {
    const { to, payload } = datagram;
    const message = messageIn(payload);
    if (message?.type === 'router-solicitation' && routers.includes(to)) {
      note(keyOf('router in doubt', null), to);
    } else if (message?.type === 'router-solicitation' || payload.length === 0) {
      note(keyOf('hint', nameOf(stage, 'endpoint', to)), 'asked');
    } else if (message?.type === 'neighbor-solicitation') {
      const target = remoteNames.find((name) => sameAs(cast.remotes[name].address, message.target));
      const isPublic = target === undefined || cast.remotes[target].endpoint === to;
      note(keyOf(isPublic ? 'hint' : 'LAN candidate', target ?? 'other'), to);
    } else {
      note(`answer to ${to}`, `${payload.length + OUTER_HEADERS}`);
    }
  }
}

function sameAs(address: string, bytes: Uint8Array): boolean {
  const words = Array.from({ length: 8 }, (_, index) =>
    ((bytes[2 * index]! << 8) | bytes[2 * index + 1]!).toString(16),
  );
  return new URL(`http://[${words.join(':')}]`).host === new URL(`http://[${address}]`).host;
}

function noteSnapshots(stage: Stage, note: Note, isAtOnce: boolean): void {
  const uplinks = stage.peer.uplinks;
  note(
    keyOf('asked router', null),
    uplinks.map(({ router, temporary }) => `${router.address}/${temporary}`).join(),
  );
  note(keyOf('keepalive', null), `${uplinks[0]!.keepalive.interval}/${uplinks[0]!.keepalive.ttl}`);
  for (const { router, temporary, lease } of uplinks) {
    const belief = temporary ? 'asked address' : 'address';
    note(
      keyOf(belief, null),
      `${router.address}=${lease?.address ?? 'none'}/${lease?.prefix ?? ''}`,
    );
    note(keyOf('route', null), lease?.routes.join() ?? '');
  }
  for (const remote of stage.peer.remotes(stage.now)) {
    const name = nameOf(stage, 'address', remote.address);
    note(keyOf('remote', name), 'known');
    const { path, endpoint, confirmedBy, validUntil } = remote;
    if (path === 'relayed') continue;
    const belief = path === 'lan' ? 'LAN path' : 'path';
    const text = `${path} ${endpoint?.address}:${endpoint?.port} ${confirmedBy}`;
    note(keyOf(belief, name), isAtOnce ? `${text} ${validUntil}` : text);
  }
}

/** Where packets of the local side go now, and what they report. */
function notePackets(stage: Stage, note: Note): void {
  const { cast } = stage;
  const bound = udpFrom(stage, BOUND_ENDPOINT);
  for (const name of remoteNames) {
    // The test of a stranger's entry would make the entry.
    if (name === 'stranger') continue;
    const before = stage.sent.length;
    stage.sends(udp(cast.own, cast.remotes[name].address, new Uint8Array(60)));
    const data = stage.sent.slice(before).find(({ payload }) => isData(payload));
    const isOnLan = data?.to.startsWith('192.168.') ?? false;
    note(keyOf(isOnLan ? 'LAN path' : 'path', name), `to ${data?.to}`);
    if (data !== undefined) {
      note(keyOf('Seen report', name), `${(trafficClass(data.payload, 0) & SEEN) !== 0}`);
    }
    if (stage.peer.peering === 'probe-and-seen') {
      const from = stage.sent.length;
      stage.sends(bound(cast.remotes[name].address));
      const sent = stage.sent.slice(from).find(({ payload }) => isData(payload));
      note(keyOf('bound address', name), `to ${sent?.to}`);
    }
  }
  const before = stage.sent.length;
  stage.sends(udp(cast.own, NATIVE, new Uint8Array(60)));
  note(keyOf('route', null), `native to ${stage.sent.at(before)?.to}`);
}

function udpFrom(stage: Stage, endpoint: string): (to: string) => Uint8Array {
  const { cast } = stage;
  const source = addressBytes(cast, cast.prefix, endpoint);
  return (to) => {
    const packet = udp(cast.own, to, new Uint8Array(20));
    packet.set(source, 8);
    setTrafficClass(packet, 0, ADAPTIVE & 0);
    return packet;
  };
}

function isData(payload: Uint8Array): boolean {
  return payload.length >= 40 && payload[0]! >>> 4 === 6 && messageIn(payload) === null;
}
