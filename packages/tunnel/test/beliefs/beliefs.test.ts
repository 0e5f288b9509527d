import { type DialectName, dialectNames, dialects, parseIPv6 } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { ANSWER_WINDOW } from '../../src/defaults.js';
import { type Cast, castOf, profiles, type RemoteName } from './cast.js';
import {
  type Context,
  type Message,
  messages,
  type NonceKind,
  type Sender,
  sendersOf,
  variantsOf,
} from './messages.js';
import { type Beliefs, keyOf, observe } from './observation.js';
import { type Moment, moments, type Scene, Stage } from './stage.js';
import { type Belief, type Row, table } from './table.js';

/** How often each message comes: the second one may be believed because of the first. */
const TIMES = 3;
const INTERVAL = 3;

/** Beliefs that are about the remote that a message speaks for; the others are about the peer itself. */
const aboutRemotes: readonly Belief[] = [
  'path',
  'LAN candidate',
  'LAN path',
  'hint',
  'Seen report',
  'bound address',
  'remote',
];

/** Whether the peer has sent this sender what the row demands. */
function isAsked(
  row: Row,
  { stage, sender, nonce }: Context,
  about: RemoteName | 'other' | null,
): boolean {
  const { cast, peer, now } = stage;
  // Whoever sees our questions waits for one, or makes us ask.
  if (nonce === 'ours' && row.answers === 'Router Solicitation') return row.nonce === 'ours';
  switch (row.answers) {
    case null:
      return true;
    case 'Router Solicitation': {
      // Of a remote that is asked in the course of this, the nonce decides.
      const [address] = sender.endpoint.split(':');
      const uplink = peer.uplinks.find(({ router }) => router.address === address);
      return uplink === undefined || uplink.state !== 'leased';
    }
    case 'Neighbor Solicitation':
      // So of a neighbor.
      return (
        sender.kind === 'neighbor' ||
        stage.sent.some(({ to, at }) => to === sender.endpoint && now - at <= ANSWER_WINDOW)
      );
    case 'direct packet': {
      const endpoint =
        about === null || about === 'other' ? sender.endpoint : cast.remotes[about].endpoint;
      return stage.sent.some(({ to }) => to === endpoint);
    }
  }
}

/** Nodes that have repeated a nonce before, so that they have to. */
function repeatsNonces({ sender }: Context, scene: Scene): boolean {
  if (sender.kind === 'configured router') return !scene.deployedRouter;
  return sender.remote === 'friend' || sender.name === 'asked router';
}

function isNonceRight(row: Row, context: Context, scene: Scene): boolean {
  switch (row.nonce) {
    case 'any':
      return true;
    case 'ours':
      return context.nonce === 'ours';
    case 'none yet':
      return (
        !repeatsNonces(context, scene) && (context.nonce === 'none' || context.nonce === 'ours')
      );
  }
}

/** The rows of the table that grant something to a message. */
function rowsFor(message: Message, context: Context, scene: Scene): Row[] {
  const kind = message.countsAs(context);
  if (kind === null) return [];
  const about = aboutOf(message, context);
  const { dialect } = context.stage.cast.profile;
  return table.filter(
    (row) =>
      (row.by.includes(kind) || row.by.some((one) => one === message.alsoCountsAs)) &&
      row.from.includes(context.sender.kind) &&
      row.dialects(dialect) &&
      isNonceRight(row, context, scene) &&
      isAsked(row, context, about),
  );
}

function aboutOf(message: Message, { sender }: Context): RemoteName | 'other' {
  return message.about ?? sender.remote ?? 'other';
}

const serve = (row: Row, message: Message, context: Context): string =>
  row.belief === 'answer'
    ? `answer to ${context.sender.endpoint}`
    : keyOf(row.belief, aboutRemotes.includes(row.belief) ? aboutOf(message, context) : null);

/** Keys of beliefs that differ. */
function changes(before: Beliefs, after: Beliefs): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter(
    (key) => before.get(key) !== after.get(key),
  );
}

/** Beliefs that follow from our address: another one is another life. */
const follow: readonly Belief[] = [...aboutRemotes, 'delivery', 'answer'];

/** Without what follows from a change of our own address, and of a path to one on the LAN. */
function causes(changed: readonly string[]): readonly string[] {
  const isElsewhere = changed.some((key) => key === 'address' || key === 'asked address');
  return changed.filter((key) => {
    if (isElsewhere) return !follow.some((belief) => key.startsWith(belief));
    return !changed.includes(`LAN ${key}`);
  });
}

/** Rows, and dialects in which they changed something in any case. */
const exercised = new Set<string>();
const use = ({ belief, title }: Row, dialect: DialectName): string =>
  `${dialect}: ${belief}: ${title}`;

interface Case {
  readonly cast: Cast;
  readonly sender: Sender;
  readonly moment: Moment;
  readonly scene: Scene;
  readonly control: Beliefs;
}

/** Remotes that our side has sent to. */
const knownRemotes: readonly RemoteName[] = [
  'friend',
  'deployed',
  'relayed',
  'housemate',
  'distant',
];

/** Delivers a message, and returns what it changed and may not. */
function deliver(message: Message, nonce: NonceKind, one: Case): string[] {
  const { cast, sender, moment, scene, control } = one;
  const stage = new Stage(cast, moment, scene);
  const context: Context = { stage, sender, nonce };
  if (message.build(context) === null) return [];
  const rows = rowsFor(message, context, scene);
  const since = stage.sent.length;
  let arrived = 0;
  for (let time = 0; time < TIMES; time++) {
    const bytes = message.build(context)!;
    arrived += bytes.length + 28;
    stage.arrives(sender.endpoint, bytes);
    stage.waits(INTERVAL);
  }
  const answered = stage.sent
    .slice(since)
    .filter(({ to }) => to === sender.endpoint)
    .reduce((sum, { payload }) => sum + payload.length + 28, 0);
  const changed = causes(changes(control, observe(stage, since)));
  const granted = new Map<string, Row[]>();
  for (const row of rows) {
    const key = serve(row, message, context);
    granted.set(key, [...(granted.get(key) ?? []), row]);
  }
  const faults = changed.filter((key) => {
    for (const row of granted.get(key) ?? []) exercised.add(use(row, cast.profile.dialect.name));
    return !granted.has(key);
  });
  // Our own side pays for questions to those that it sends to.
  const isUnknown = moment === 'settled' && !knownRemotes.includes(sender.remote ?? 'stranger');
  if (isUnknown && sender.kind !== 'configured router' && answered > arrived) {
    faults.push(`${answered} bytes for ${arrived}`);
  }
  return faults.map((fault) => `${moment}, ${message.name}, nonce ${nonce}: ${fault}`);
}

function controlOf(cast: Cast, moment: Moment, scene: Scene): Beliefs {
  const stage = new Stage(cast, moment, scene);
  const since = stage.sent.length;
  stage.waits(TIMES * INTERVAL);
  return observe(stage, since);
}

/** All messages of a sender, at all moments. */
function faultsOf(cast: Cast, sender: Sender, scene: Scene): string[] {
  return moments.flatMap((moment) => {
    const tried = messages.flatMap((message) => {
      const variants = variantsOf(message, sender);
      if (!variants.moments.includes(moment)) return [];
      return variants.nonces.map((nonce) => ({ message, nonce }));
    });
    if (tried.length === 0) return [];
    const control = controlOf(cast, moment, scene);
    return tried.flatMap(({ message, nonce }) =>
      deliver(message, nonce, { cast, sender, moment, scene, control }),
    );
  });
}

const scenes: readonly (readonly [string, Scene, (sender: Sender) => boolean])[] = [
  ['with the default options', {}, () => true],
  [
    'whose router repeats no nonces',
    { deployedRouter: true },
    ({ kind }) => kind === 'configured router',
  ],
  [
    'that searches its local network',
    { peering: { lanSearch: true } },
    ({ name }) => name.includes('neighbor') || name === 'housemate',
  ],
];

describe.each(profiles)('%s: a peer', (_, profile) => {
  const cast = castOf(profile);
  describe.each(scenes)('%s', (_, scene, isTested) => {
    test.each(sendersOf(cast).filter(isTested))(
      'lets the messages of $name ($endpoint) change what the table says, and nothing else',
      (sender) => {
        expect(faultsOf(cast, sender, scene)).toEqual([]);
      },
    );
  });
});

/** The bytes of a message that a program of our own side sends, from an address of ours. */
function fromProgram(message: Message, stage: Stage): Uint8Array | null {
  const sender = sendersOf(stage.cast).find(({ name }) => name === 'friend')!;
  const bytes = message.build({ stage, sender, nonce: 'ours' });
  if (bytes === null || bytes.length < 40) return null;
  // The sums of the headers are wrong then; nobody has to look at them.
  bytes.set(parseIPv6(stage.cast.own), 8);
  return bytes;
}

test.each(profiles)('%s: a peer takes no Neighbor Discovery from its own side', (_, profile) => {
  const cast = castOf(profile);
  const control = controlOf(cast, 'asking', {});
  const discovery = messages.filter(({ name }) => /Advertisement|Solicitation|Redirect/.test(name));
  const faults = discovery.flatMap((message) => {
    const stage = new Stage(cast, 'asking');
    const bytes = fromProgram(message, stage);
    if (bytes === null) return [];
    const since = stage.sent.length;
    stage.sends(bytes);
    stage.waits(TIMES * INTERVAL);
    return changes(control, observe(stage, since)).map((key) => `${message.name}: ${key}`);
  });
  expect(faults).toEqual([]);
});

test('every row of the table grants something in each of its dialects that some message uses', () => {
  const uses = table
    .filter(({ by }) => by.length > 0)
    .flatMap((row) =>
      dialectNames.filter((name) => row.dialects(dialects[name])).map((name) => use(row, name)),
    );
  expect(uses.filter((one) => !exercised.has(one))).toEqual([]);
});
