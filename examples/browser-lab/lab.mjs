import { profileOf } from '@6bed4/codec';
import { arrows, Internet, natKinds, predictPath } from '@6bed4/simulator';

export const dialects = ['draft03', 'draft04', 'draft01'];

/** What may stand between a peer and the Internet; the first is what most homes have. */
export const kinds = {
  'port-restricted cone': natKinds.portRestrictedCone,
  'restricted cone': natKinds.restrictedCone,
  'full cone': natKinds.fullCone,
  symmetric: natKinds.symmetric,
  'no NAT': null,
};

const ADDRESSES = 30_000;
const PAUSE = 200;
const TALK = 5_000;

/** Two peers, each behind a NAT of some kind, and a router; they have their addresses. */
export class Lab {
  #since = 0;
  /** @type {[import('@6bed4/simulator').PeerNode, number | null][]} */
  #pings = [];

  constructor({ dialect, alice, bob }) {
    this.net = new Internet({ seed: 1, trace: true });
    const profile = profileOf(dialect);
    this.net.router('router', { address: '198.51.100.1', profile });
    this.sides = { alice: side(alice), bob: side(bob) };
    /** @type {Partial<Record<'alice' | 'bob', import('@6bed4/simulator').Nat>>} */
    this.nats = {};
    this.peers = {
      alice: this.#peer('alice', '192.0.2.10', kinds[alice], profile),
      bob: this.#peer('bob', '203.0.113.20', kinds[bob], profile),
    };
    this.net.run(ADDRESSES);
    this.#since = this.net.now;
  }

  /** Milliseconds since both have their addresses. */
  get now() {
    return this.net.now - this.#since;
  }

  ping(name) {
    const to = this.peers[name === 'alice' ? 'bob' : 'alice'];
    this.#pings.push([this.peers[name], this.peers[name].ping(to.address)]);
  }

  /** Lets one of them ping the other for some seconds, or both. */
  talk(first) {
    for (let waited = 0; waited < TALK; waited += PAUSE) {
      for (const name of first === 'both' ? ['alice', 'bob'] : [first]) this.ping(name);
      this.net.run(PAUSE);
    }
  }

  get pings() {
    const answered = this.#pings.filter(([peer, number]) => peer.wasAnswered(number)).length;
    return { sent: this.#pings.length, answered };
  }

  /** The path that one of them takes now, since when, and what theory says about it. */
  path(name) {
    const [from, to] = name === 'alice' ? ['alice', 'bob'] : ['bob', 'alice'];
    const peer = this.peers[from];
    const remote = this.peers[to].address;
    const report = peer.paths.get(remote);
    const conduct = { strategy: peer.machine.peering, answers: true };
    const theory = predictPath(this.sides[from], this.sides[to], conduct);
    const { path } = peer.remotes.find(({ address }) => address === remote) ?? { path: 'relayed' };
    return { path, since: report === undefined ? null : report.at - this.#since, theory };
  }

  /** What went over the wire since both have their addresses, the newest last. */
  arrows(most) {
    return arrows(this.net.trace)
      .filter(({ sentAt }) => sentAt >= this.#since)
      .map((arrow) => ({ ...arrow, at: arrow.sentAt - this.#since }))
      .slice(-most);
  }

  #peer(name, address, kind, profile) {
    const settings = { profile, link: { delay: 10 } };
    if (kind === null) return this.net.peer(name, { ...settings, address });
    this.nats[name] = this.net.nat(`${name}'s NAT`, { external: address, ...kind });
    return this.net.peer(name, { ...settings, behind: this.nats[name] });
  }
}

function side(name) {
  return { boxes: kinds[name] === null ? [] : [kinds[name]] };
}
